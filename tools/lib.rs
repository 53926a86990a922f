//! Programs that make data files of the project.

pub mod paths;
