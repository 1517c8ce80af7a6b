//! Kwil, the database that idOS's nodes are (public client and server code): a call names an action and carries its
//! arguments in a binary form ([`payload`]), answers are JSON-RPC ([`rpc`]) with a table in it ([`table`]).

pub(super) mod payload;
pub(super) mod rpc;
pub(super) mod table;
