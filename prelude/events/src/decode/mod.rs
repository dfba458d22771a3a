//! A decoder per format: bytes that are never trusted in, columns out.

pub(crate) mod aedat12;
pub(crate) mod aedat3;
pub(crate) mod aedat4;
pub(crate) mod dat;
pub(crate) mod es;
pub(crate) mod evt2;
pub(crate) mod evt21;
pub(crate) mod evt3;
pub(crate) mod flatbuffer;
mod heading;
pub(crate) mod nmnist;
pub(crate) mod text;
