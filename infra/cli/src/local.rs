//! `idv local`: the local stack, from the configuration to the signal that ends it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use idv_local::{Aws, Stack, StackError, StackOptions};
use serde_json::Value;

use crate::environment::variable;
use crate::say::{to_people, to_programs};
use crate::{binaries, config};

pub(crate) const HELP: &str = "\
When everything is ready, standard output gets the line `ready http://127.0.0.1:8700` and one line of JSON that names the
AWS endpoint, region, table, queues and secret prefix. The functions' logs go to standard error. Ctrl-C ends it.

  http://127.0.0.1:8700/v1/…           the API, as API Gateway hands it on
  http://127.0.0.1:8700/dcs/kyc2/…     the drop-in: applicants, sdk-token, checks. There is no IAM here and no
                                       issuer of tokens: the header `x-local-caller` says who calls (an
                                       ARN, or the `sub` of a token), and anybody may say anything
  http://127.0.0.1:8700                Lambda's Invoke API, for example
                                       aws lambda invoke --endpoint-url http://127.0.0.1:8700 \\
                                         --function-name onboarding-initiator --payload … out.json
  http://127.0.0.1:8701                DynamoDB, SQS, Secrets Manager and event buses, with any
                                       credentials

Needs Rust and a C compiler. Listens on this machine only; with --public-url a tunnel can lead to it.";

#[derive(Args)]
pub(crate) struct Options {
    /// The configuration: {"tenants": {…}, "aliases": {…}, "subscriptions": {…}}.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The port of the API; AWS is at the next one. 0 takes any two free ports.
    #[arg(long, default_value_t = 8700, value_parser = clap::value_parser!(u16).range(..65535))]
    port: u16,
    /// Keep the table in this directory; else it is gone when the stack ends.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Use this AWS endpoint (for example ministack), or `account` for a real account, instead of the embedded parts.
    /// Credentials and region are then those of the environment.
    #[arg(long, value_name = "URL")]
    aws: Option<String>,
    /// The origin in links, return URLs and webhook URLs; else the local address.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Schedules, back-offs, horizons and times to live run so many times faster. Signatures, token lives and call
    /// limits stay real.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    time_scale: u32,
    /// Build and run the functions as they are deployed.
    #[arg(long)]
    release: bool,
}

/// Runs until a signal.
pub(crate) async fn run(options: Options) -> ExitCode {
    let config = match config::read(&options.config, true) {
        Ok(config) => config,
        Err(errors) => return config::refuse(&options.config, &errors),
    };
    // from here on a signal ends everything in order, the build's Cargo included
    let mut signal = std::pin::pin!(ended());
    let built = tokio::select! {
        built = binaries::build(options.release, None) => built,
        () = &mut signal => return ExitCode::SUCCESS,
    };
    let functions = match built {
        Ok(functions) => functions,
        Err(reason) => return failed(&reason),
    };
    let stack = Stack::start(StackOptions {
        port: options.port,
        data: options.data,
        aws: aws(options.aws.as_deref()),
        region: region(options.aws.is_some()),
        public_url: options.public_url,
        time_scale: options.time_scale,
        schedule: true,
        concurrency: 4,
        forward_logs: true,
        ..StackOptions::new(config.clone(), functions)
    });
    let stack = tokio::select! {
        started = stack => started,
        () = &mut signal => return ExitCode::SUCCESS,
    };
    match stack {
        Ok(stack) => {
            announce(&stack, &config);
            signal.await;
            to_people("stopping");
            stack.stop().await;
            ExitCode::SUCCESS
        }
        Err(error) => failed(&told(&error)),
    }
}

fn failed(reason: &str) -> ExitCode {
    to_people(reason);
    ExitCode::from(crate::FAILED)
}

/// An error with its causes.
pub(crate) fn told(error: &StackError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

fn aws(given: Option<&str>) -> Aws {
    match given {
        None => Aws::Embedded,
        Some("account") => Aws::Account,
        Some(url) => Aws::Endpoint(url.to_owned()),
    }
}

fn region(foreign: bool) -> String {
    let named = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(variable);
    let named = named.filter(|_| foreign).and_then(|name| name.into_string().ok());
    named.unwrap_or_else(|| "us-east-1".to_owned())
}

/// Tells people where providers send webhooks, and programs that all is ready.
fn announce(stack: &Stack, config: &Value) {
    let tenants = config.get("tenants").and_then(Value::as_object).into_iter().flatten();
    for (tenant, settings) in tenants {
        let connections = settings.get("connections").and_then(Value::as_object).into_iter().flatten();
        for (connection, settings) in connections {
            // a key in the URL is a secret: it is not shown
            let key = if settings.pointer("/webhook/url_keys").is_some() { "/{url key}" } else { "" };
            to_people(&format!(
                "webhooks of {tenant}/{connection}: {}/v1/webhooks/{tenant}/{connection}{key}",
                stack.public_url()
            ));
        }
    }
    to_programs(&format!("ready {}", stack.api_url()));
    to_programs(&stack.summary().to_string());
}

/// Waits for SIGINT, SIGTERM or SIGHUP.
#[cfg(unix)]
pub(crate) async fn ended() {
    use tokio::signal::unix::{SignalKind, signal};
    let of = |kind| async move {
        match signal(kind) {
            Ok(mut signals) => {
                signals.recv().await;
            }
            // without a handler the signal ends the process by itself
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = of(SignalKind::interrupt()) => (),
        () = of(SignalKind::terminate()) => (),
        () = of(SignalKind::hangup()) => (),
    }
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn ended() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
