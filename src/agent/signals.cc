#include "agent/signals.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

namespace clary::agent {

StopRequest::StopRequest() : asked_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  signal(SIGPIPE, SIG_IGN);
}

void StopRequest::ask() {
  eventfd_write(asked_.get(), 1);
}

void StopRequest::drain() {
  signalfd_siginfo information;
  while (read(signals_.get(), &information, sizeof information) > 0) {
  }
  eventfd_t count = 0;
  eventfd_read(asked_.get(), &count);
}

}  // namespace clary::agent
