mod dates;
mod deadlines;
mod faults;
mod samples;
mod shipped;
