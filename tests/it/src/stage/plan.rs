//! What is to be set up.

use std::collections::BTreeMap;

use idv_simulators::{fractal, intergiro as bank};
use serde_json::Value;

use super::{FASTER, OnfidoPlan};

/// What is changed in a tenant's configuration.
pub type Change = fn(&mut Value);

/// What is to be set up.
#[derive(Clone)]
pub struct Plan {
    /// Each with what is changed in its configuration.
    pub tenants: Vec<(&'static str, Change)>,
    /// How much faster the plan runs.
    pub faster: u32,
    /// Whether the reconciler ticks by itself.
    pub schedule: bool,
    /// Processes of each function at most.
    pub concurrency: usize,
    /// More variables of the functions.
    pub environment: BTreeMap<String, String>,
    /// A simulated Intergiro, whose programmes are the tenants'.
    pub intergiro: Option<bank::Settings>,
    /// A simulated Onfido.
    pub onfido: Option<OnfidoPlan>,
    /// A simulated Fractal, whose applications and clients are the tenants', and a simulated idOS node.
    pub fractal: Option<fractal::Settings>,
}

impl Plan {
    /// With those tenants, each configured in the usual way.
    #[must_use]
    pub fn of(tenants: &[&'static str]) -> Self {
        Self {
            tenants: tenants.iter().map(|name| -> (&str, Change) { (*name, usual) }).collect(),
            faster: FASTER,
            schedule: true,
            concurrency: 4,
            environment: BTreeMap::new(),
            intergiro: None,
            onfido: None,
            fractal: None,
        }
    }

    /// Each tenant has a connection with Intergiro, too.
    #[must_use]
    pub fn with_intergiro(self) -> Self {
        self.with_intergiro_as(bank::Settings::default())
    }

    /// The same with other settings.
    #[must_use]
    pub fn with_intergiro_as(mut self, settings: bank::Settings) -> Self {
        self.intergiro = Some(settings);
        self
    }

    /// Each tenant has an account with Onfido, too.
    #[must_use]
    pub fn with_onfido(self) -> Self {
        self.with_onfido_as(OnfidoPlan::default())
    }

    /// All tenants share one account with Onfido; each has its results from there in a FintechOS instance of its own.
    #[must_use]
    pub fn sharing_onfido(self) -> Self {
        self.with_onfido_as(OnfidoPlan { shared: true, instances: true, ..OnfidoPlan::default() })
    }

    /// As said.
    #[must_use]
    pub fn with_onfido_as(mut self, onfido: OnfidoPlan) -> Self {
        self.onfido = Some(onfido);
        self
    }

    /// Each tenant has accounts with Fractal, in all its generations, and with idOS, too.
    #[must_use]
    pub fn with_fractal(self) -> Self {
        self.with_fractal_as(fractal::Settings::default())
    }

    /// The same with other settings.
    #[must_use]
    pub fn with_fractal_as(mut self, settings: fractal::Settings) -> Self {
        self.fractal = Some(settings);
        self
    }

    /// And with a tenant whose configuration is changed so.
    #[must_use]
    pub fn and(mut self, tenant: &'static str, change: Change) -> Self {
        self.tenants.push((tenant, change));
        self
    }

    /// The reconciler runs only when the test says so.
    #[must_use]
    pub fn without_schedule(mut self) -> Self {
        self.schedule = false;
        self
    }
}

fn usual(_: &mut Value) {}
