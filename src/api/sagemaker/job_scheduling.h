// What a job's place in the queue depends on: who created it, its priority, whether it is a spot
// job. Shared by all kinds of jobs.
#pragma once

#include "api/call.h"
#include "engine/job_spec.h"
#include "store/documents.h"

namespace clary::api::sagemaker {

// The tag of a Create request that gives a job its priority: a whole number from 0 to 9999, as AWS
// Batch's scheduling priorities; 0 without it.
inline constexpr std::string_view kPriorityTag = "clary:priority";

// Reads it, and whose job it is, into the document that is being created. Throws ApiError on a
// priority that is none.
void keep_scheduling(const json::object& input, const Call& call, store::Document& job);

// From the document into what the engine queues, and what the instance type promises.
void put_scheduling(const store::Document& job, std::string_view instance_type,
                    engine::JobSpec& spec);

}  // namespace clary::api::sagemaker
