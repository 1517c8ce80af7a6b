//! The classic generation.

use serde_json::Value;
use url::Url;

use super::id::{Journey, Root};
use super::level::{Asked, Names};
use crate::domain::{ConnectionName, Part, ProviderId};
use crate::ports::{Event, ProviderError, Reach, Renewed, Unreadable};
use crate::proof::{Body, Verified};
use crate::secret::Secret;
use crate::section::Section;

pub(super) struct Classic {}

const NOT_YET: ProviderError = ProviderError::Unsupported("not here yet");

impl Classic {
    pub(super) fn configure(
        _base_urls: &mut Section<'_>,
        _api: &mut Section<'_>,
        _settings: &mut Section<'_>,
    ) -> Option<Self> {
        Some(Self {})
    }
    pub(super) fn idos_connection(&self) -> Option<&ConnectionName> {
        None
    }
    pub(super) fn reduced(&self, _body: Verified<Body<'_>>, _names: &Names) -> Result<Event, Unreadable> {
        Err(Unreadable::NotAnEvent("not here yet"))
    }
    pub(super) fn entrance(
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
    pub(super) async fn parts(
        &self,
        _reach: Reach<'_>,
        _root: &Root,
        _asked: Option<&Asked>,
    ) -> Result<Vec<Part>, ProviderError> {
        Err(NOT_YET)
    }
    pub(super) async fn live(&self, _reach: Reach<'_>, _root: &Root) -> Result<Value, ProviderError> {
        Err(NOT_YET)
    }
}
