//! Verifier and relay.

use serde_json::Value;
use url::Url;

use super::id::{Journey, Root};
use crate::domain::{Part, ProviderId};
use crate::ports::{Event, ProviderError, Reach, Renewed, Unreadable, WayBack};
use crate::proof::{Body, Verified};
use crate::secret::Secret;
use crate::section::Section;

/// The one-time token comes back, and no state.
pub(super) const WAY_BACK: WayBack = WayBack { code: "oneTimeToken", with_state: false };

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    Verifier,
    Relay,
}

pub(super) struct Verifier {}

const NOT_YET: ProviderError = ProviderError::Unsupported("not here yet");

impl Verifier {
    pub(super) fn configure(
        _flavour: Flavour,
        _base_urls: &mut Section<'_>,
        _api: &mut Section<'_>,
        _settings: &mut Section<'_>,
    ) -> Option<Self> {
        Some(Self {})
    }

    pub(super) fn reduced(&self, _body: Verified<Body<'_>>) -> Result<Event, Unreadable> {
        Err(Unreadable::NotAnEvent("not here yet"))
    }

    pub(super) async fn entrance(
        &self,
        _reach: Reach<'_>,
        _journey: &Journey,
        _back: &Url,
    ) -> Result<Renewed, ProviderError> {
        Err(NOT_YET)
    }

    pub(super) async fn exchanged(
        &self,
        _reach: Reach<'_>,
        _journey: &Journey,
        _code: Option<&Secret>,
    ) -> Result<Option<ProviderId>, ProviderError> {
        Err(NOT_YET)
    }

    pub(super) async fn parts(&self, _reach: Reach<'_>, _root: &Root) -> Result<Vec<Part>, ProviderError> {
        Err(NOT_YET)
    }

    pub(super) async fn live(&self, _reach: Reach<'_>, _root: &Root) -> Result<Value, ProviderError> {
        Err(NOT_YET)
    }
}
