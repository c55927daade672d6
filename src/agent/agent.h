// `clary agent --run FOLDER`: what runs beside one workload.
#pragma once

namespace clary::agent {

// Does what FOLDER/run.json says, reports, and returns the program's exit status: 0 when the server
// has taken the last report, 3 when it gave up (the spool stays for the next server), 2 when called
// wrongly. Standard error is the agent's own log.
int agent_main(int argc, const char* const* argv);

}  // namespace clary::agent
