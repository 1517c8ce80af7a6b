//! The mapping as data, for the generated reference: asked of the real table, never written down a second time.
