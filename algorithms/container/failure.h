// How an algorithm fails: whose fault it is decides the prefix of FailureReason.
#pragma once

#include <stdexcept>
#include <string>

namespace clary::algorithms {

// What the user can repair: hyperparameters, channels, data. Becomes "ClientError: ...".
class ClientError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What the user cannot: becomes "AlgorithmError: ...".
class AlgorithmError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace clary::algorithms
