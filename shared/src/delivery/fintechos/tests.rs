//! An instance that answers by script.
