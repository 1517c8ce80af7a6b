//! What a tenant's system receives: the words (`payload`), the signature (`standard_webhooks`), the ways (`webhook`,
//! `fintechos`).

pub mod fintechos;
pub mod payload;
pub mod standard_webhooks;
pub mod webhook;
