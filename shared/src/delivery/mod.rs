//! What a tenant's system receives: the words (`payload`), the signature (`standard_webhooks`), the way (`webhook`).

pub mod payload;
pub mod standard_webhooks;
pub mod webhook;
