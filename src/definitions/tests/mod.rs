mod faults;
mod months;
mod samples;
mod shipped;
