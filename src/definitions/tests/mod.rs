mod dates;
mod deadlines;
mod faults;
mod months;
mod samples;
mod shipped;
