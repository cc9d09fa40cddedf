mod faults;
mod samples;
mod shipped;
