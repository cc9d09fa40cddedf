//! The rehearsals as what they rehearse against: each is forked before every completion that it has accepted, and one
//! thing at a time is spoiled.

mod forks;
mod mutations;
mod spoiled;
