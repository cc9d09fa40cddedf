mod bodies;
mod dates;
mod deadlines;
mod faults;
mod meetings;
mod months;
mod samples;
mod shipped;
