//! `idv resend`: what was given up is handed over again. The ledger is told that it is due; the reconciler rings.

use std::process::ExitCode;

use clap::Args;
use idv_gateway::adapters::dynamodb::DynamoLedger;
use idv_gateway::adapters::world;
use idv_gateway::domain::schedule::Pace;
use idv_gateway::domain::{OnboardingId, OnboardingKey, Tenant};
use idv_gateway::ports::{Clock, Ledger};

use crate::aws::Account;
use crate::say::to_people;

/// Which changes, and where the ledger is.
#[derive(Args)]
pub(crate) struct Options {
    /// Whose onboarding.
    #[arg(long)]
    tenant: Tenant,
    /// Which onboarding, as the app knows it: onb_…
    #[arg(long, value_name = "ID")]
    onboarding: OnboardingId,
    /// From which change on; else from the first that is parked.
    #[arg(long, value_name = "VERSION")]
    from: Option<u64>,
    /// The ledger's table.
    #[arg(long, env = "IDV_TABLE")]
    table: String,
    #[command(flatten)]
    account: Account,
}

/// Makes them due.
pub(crate) async fn run(options: Options) -> ExitCode {
    match resend(options).await {
        Ok(said) => {
            to_people(&said);
            ExitCode::SUCCESS
        }
        Err(reason) => {
            to_people(&reason);
            ExitCode::from(crate::FAILED)
        }
    }
}

async fn resend(options: Options) -> Result<String, String> {
    let client = aws_sdk_dynamodb::Client::new(&options.account.config().await);
    let unknown = format!("{} has no onboarding {} in the table {}", options.tenant, options.onboarding, options.table);
    let ledger = DynamoLedger::new(client, options.table, Pace::REAL);
    let key = OnboardingKey { tenant: options.tenant, id: options.onboarding };
    let failed = |error| format!("the ledger cannot be asked: {error}");
    let onboarding = ledger.read(&key).await.map_err(failed)?.ok_or(unknown)?;
    let parked = &onboarding.delivery.parked;
    let version = options.from.or(parked.first().copied()).ok_or("nothing of it is parked; name one with --from")?;
    if version == 0 || version > onboarding.truth.version {
        return Err(format!("its changes are 1 to {}", onboarding.truth.version));
    }
    let taken = ledger.resend(&key, version, world::SystemClock.now()).await.map_err(failed)?;
    if taken {
        Ok(format!(
            "due again: changes {version} to {}; the reconciler rings within a minute",
            onboarding.truth.version
        ))
    } else {
        Err("it is being handed over at this moment; try again in two minutes".to_owned())
    }
}
