//! idOS end to end: what a person shares is told by Fractal, fetched, opened and checked; what is wrong with it never
//! approves; what is taken back is found.

mod bad;
mod shared;
mod tenants;
mod unheard;

use crate::fractal::{nothing_dead, table};
