#include "algorithms/xgboost/inference.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <stdexcept>

#include "algorithms/container/contract.h"
#include "algorithms/container/failure.h"
#include "algorithms/data/channel.h"
#include "algorithms/data/csv.h"
#include "algorithms/data/libsvm.h"
#include "algorithms/data/mapped_file.h"
#include "algorithms/data/recordio.h"
#include "algorithms/xgboost/hyperparameters.h"
#include "algorithms/xgboost/outputs.h"
#include "base/text.h"

namespace clary::algorithms::xgboost {
namespace {

InvocationResponse text_response(unsigned status, std::string text) {
  return {status, "text/html; charset=utf-8", std::move(text)};
}

// label_size says nothing about inference rows, so any is fine.
Format inference_format(std::string_view content_type) {
  const std::string type = to_lower(trim(content_type.substr(0, content_type.find(';'))));
  if (type.empty()) return Format::kLibsvm;
  return parse_content_type(type);
}

// Rows of a model that was trained without column 0 may come with 1-based indices: shifted only
// when they fit no other way.
void shift_one_based(Table& rows, std::size_t features) {
  if (rows.columns != features + 1 || rows.column_of.empty()) return;
  if (std::ranges::min(rows.column_of) == 0) return;
  for (std::uint32_t& column : rows.column_of) --column;
  rows.columns = features;
}

void vote(const std::vector<std::vector<float>>& predictions, std::vector<float>& out) {
  out.resize(predictions.front().size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::map<float, int> votes;
    for (const auto& one : predictions) ++votes[one[i]];
    // The smallest of the most frequent, as scipy.stats.mode.
    out[i] = std::ranges::max_element(votes, [](const auto& a, const auto& b) {
               return a.second < b.second;
             })->first;
  }
}

void average(const std::vector<std::vector<float>>& predictions, std::vector<float>& out) {
  out.assign(predictions.front().size(), 0);
  for (const auto& one : predictions) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += one[i];
  }
  for (float& value : out) value /= static_cast<float>(predictions.size());
}

}  // namespace

InferenceSettings InferenceSettings::from_environment() {
  InferenceSettings settings;
  settings.default_accept = environment_or("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "text/csv");
  const std::string selected = environment_or("SAGEMAKER_INFERENCE_OUTPUT", "");
  if (!selected.empty()) settings.selected_outputs = split_words(to_lower(selected));
  settings.ensemble = environment_or("SAGEMAKER_INFERENCE_ENSEMBLE", "true") == "true";
  settings.batch = !environment_or("SAGEMAKER_BATCH", "").empty();
  const std::string workers =
      environment_or("MODEL_SERVER_WORKERS", environment_or("SAGEMAKER_MODEL_SERVER_WORKERS", ""));
  const int count = std::atoi(workers.c_str());
  settings.workers = count > 0 ? static_cast<unsigned>(count) : usable_processors();
  const long long limit = std::atoll(environment_or("MAX_CONTENT_LENGTH", "6291456").c_str());
  if (limit > 0) settings.max_payload_bytes = static_cast<std::size_t>(limit);
  return settings;
}

XgboostService::XgboostService(std::vector<Model> models, InferenceSettings settings)
    : models_(std::move(models)), settings_(std::move(settings)) {
  if (models_.empty()) throw std::runtime_error("there is no model");
}

Table XgboostService::parse(const InvocationRequest& request) const {
  const Format format = inference_format(request.content_type);
  switch (format) {
    case Format::kCsv:
      return read_csv(request.payload, "payload", {});
    case Format::kLibsvm: {
      Table rows = read_libsvm(request.payload, "payload", LibsvmLabels::kOptional);
      shift_one_based(rows, models_.front().features());
      return rows;
    }
    case Format::kRecordio: {
      Table rows = read_recordio(request.payload, "payload");
      return rows;
    }
    case Format::kParquet:
      break;
  }
  throw ClientError("Content-type " + std::string(request.content_type) + " is not supported.");
}

// One column more than the data has is allowed: the container lets a model miss its last column.
void XgboostService::check_features(const Table& rows, const InvocationRequest& request) const {
  const std::size_t expected = models_.front().features();
  const bool fits = rows.sparse ? rows.columns <= expected
                                : rows.columns == expected || rows.columns + 1 == expected;
  if (fits) return;
  throw ClientError("Feature size of " + std::string(request.content_type) + " inference data " +
                    std::to_string(rows.columns) +
                    " is not consistent with feature size of trained model " +
                    std::to_string(expected) + ".");
}

void XgboostService::predict(const Table& rows, std::vector<float>& out) const {
  if (models_.size() == 1) {
    models_.front().predict(rows, out);
    return;
  }
  std::vector<std::vector<float>> predictions(models_.size());
  for (std::size_t i = 0; i < models_.size(); ++i) models_[i].predict(rows, predictions[i]);
  const std::string& objective = models_.front().objective();
  if (objective == "multi:softmax" || objective == "binary:hinge") {
    vote(predictions, out);
  } else {
    average(predictions, out);
  }
}

InvocationResponse XgboostService::invoke(const InvocationRequest& request) const {
  if (request.payload.empty()) return text_response(204, "");
  if (request.payload.size() > settings_.max_payload_bytes) {
    return text_response(413, "The payload is larger than " +
                                  std::to_string(settings_.max_payload_bytes) + " bytes");
  }
  Table rows;
  try {
    rows = parse(request);
    if (rows.rows == 0) throw ClientError("the payload has no rows");
  } catch (const std::exception& error) {
    return text_response(415, std::string("Loading data failed with Exception, please ensure data "
                                          "is in the format that Content-Type says: ") +
                                  error.what());
  }
  std::vector<float> values;
  try {
    check_features(rows, request);
    predict(rows, values);
  } catch (const std::exception& error) {
    return text_response(400, std::string("Unable to evaluate payload provided: ") + error.what());
  }
  const bool any = request.accept.empty() || trim(request.accept) == "*/*";
  const std::string_view wanted = any ? settings_.default_accept : request.accept;
  const std::optional<Accept> accept = parse_accept(wanted);
  if (!accept) {
    return text_response(
        406, "Accept type " + std::string(wanted) +
                 " is not supported. Please use supported accept types: ['application/json', "
                 "'application/jsonlines', 'application/x-recordio-protobuf', 'text/csv'].");
  }
  const Rows predictions{values, values.size() / rows.rows};
  InvocationResponse response{200, std::string(mime_type(*accept)), {}};
  if (settings_.selected_outputs.empty()) {
    response.body = encode(predictions, *accept, settings_.batch);
    return response;
  }
  try {
    response.body =
        encode_selected(predictions, settings_.selected_outputs, models_.front().objective(),
                        models_.front().groups(), *accept, settings_.batch);
  } catch (const std::exception& error) {
    return text_response(500, error.what());
  }
  return response;
}

std::string XgboostService::execution_parameters() const {
  return "{\"MaxConcurrentTransforms\": " + std::to_string(settings_.workers) +
         ", \"BatchStrategy\": \"MULTI_RECORD\", \"MaxPayloadInMB\": " +
         std::to_string(settings_.max_payload_bytes / (1024 * 1024)) + "}";
}

std::vector<Model> load_models(const std::filesystem::path& folder, bool ensemble) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const bool hidden = entry.path().filename().string().starts_with('.');
    if (entry.is_regular_file() && !hidden) files.push_back(entry.path());
  }
  const auto named = [](const std::filesystem::path& path) {
    return path.filename().string().starts_with("xgboost-model");
  };
  if (std::ranges::any_of(files, named)) std::erase_if(files, std::not_fn(named));
  std::ranges::sort(files);
  if (files.empty()) throw std::runtime_error("no model in " + folder.string());
  if (!ensemble) files.resize(1);
  std::vector<Model> models;
  for (const std::filesystem::path& path : files) {
    const MappedFile file(path);
    try {
      models.emplace_back(file.bytes());
    } catch (const std::exception& reason) {
      throw std::runtime_error("Model " + path.string() + " cannot be loaded: " + reason.what());
    }
  }
  const bool alike = std::ranges::all_of(models, [&](const Model& model) {
    return model.outputs() == models.front().outputs() &&
           model.features() == models.front().features();
  });
  if (!alike) throw std::runtime_error("the models in " + folder.string() + " differ in shape");
  return models;
}

}  // namespace clary::algorithms::xgboost
