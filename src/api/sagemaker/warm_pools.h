// Warm pools of training jobs: with KeepAlivePeriodInSeconds a job's place on the machine stays
// reserved after its end, and the next job of the same kind starts in it at once, before any that
// queues. Jobs start within milliseconds here, so that the place is all there is to keep.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "engine/runs.h"
#include "store/documents.h"

namespace clary::api::sagemaker {

// Of Document::internal of a job whose place is kept: until when, in seconds since the epoch.
inline constexpr std::string_view kPoolUntil = "pool_until";
// Of a job: the run whose place it takes.
inline constexpr std::string_view kTakesPlaceOf = "takes_place_of";

// Whether the job asks for a warm pool, which also lets it use one.
bool wants_pool(const json::object& body);

// Pure changes of a job's document; each may be repeated.
// While it runs.
void mark_pool_in_use(store::Document& job);
// When it has ended.
void open_pool(store::Document& job, Timestamp now);
// Reused by a job of that name, or terminated when that is empty.
void close_pool(store::Document& job, const std::string& reused_by, Timestamp now);
bool is_pool_open(const store::Document& job);
// Until when an open pool stays.
Timestamp pool_end(const store::Document& job);

// An open pool that fits `job`, which is about to start ("Matching training jobs" of the developer
// guide's "SageMaker AI Managed Warm Pools"). blocks: on the store.
std::optional<store::Document> find_pool(store::Documents& documents, const store::Document& job,
                                         Timestamp now);

}  // namespace clary::api::sagemaker
