// Models against the predictions that Python's xgboost gave (testdata/make.py), and the formats and
// answers of the model server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "algorithms/container/contract.h"
#include "algorithms/xgboost/inference.h"
#include "algorithms/xgboost/model_file.h"
#include "algorithms/xgboost/pickle.h"
#include "algorithms/xgboost/ubjson.h"

namespace clary::algorithms::xgboost {
namespace {

using testing::HasSubstr;

std::string test_file(const std::string& name) {
  return read_whole_file(std::filesystem::path(CLARY_TESTDATA) / name);
}

struct Case {
  Table rows;
  std::vector<float> predictions;
  std::string model;
};

Case load_case(const std::string& name) {
  const json::value document = json::parse(test_file(name + ".json"));
  Case result;
  for (const json::value& row : document.at("rows").as_array()) {
    ++result.rows.rows;
    result.rows.columns = row.as_array().size();
    for (const json::value& cell : row.as_array()) {
      result.rows.dense.push_back(cell.is_null() ? kMissing
                                                 : static_cast<float>(cell.to_number<double>()));
    }
  }
  for (const json::value& row : document.at("predictions").as_array()) {
    for (const json::value& cell : row.as_array()) {
      result.predictions.push_back(static_cast<float>(cell.to_number<double>()));
    }
  }
  result.model = json::serialize(document.at("model"));
  return result;
}

void expect_predictions(const Model& model, const Case& expected) {
  std::vector<float> found;
  model.predict(expected.rows, found);
  ASSERT_EQ(found.size(), expected.predictions.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], expected.predictions[i], 2e-7 * (1 + std::abs(expected.predictions[i])))
        << i;
  }
}

class Models : public testing::TestWithParam<const char*> {};

TEST_P(Models, AnswerAsLibxgboost) {
  const Case expected = load_case(GetParam());
  const Model model(expected.model);
  EXPECT_TRUE(model.is_native());
  expect_predictions(model, expected);
}

INSTANTIATE_TEST_SUITE_P(All, Models,
                         testing::Values("squared_error", "logistic", "logistic_dart",
                                         "logistic_linear", "hinge", "softprob", "softmax",
                                         "poisson"));

TEST(ModelFile, UbjsonAndPickle) {
  const Case expected = load_case("logistic");
  EXPECT_EQ(detect_format(test_file("logistic.ubj")), ModelFormat::kUbjson);
  expect_predictions(Model(test_file("logistic.ubj")), expected);
  EXPECT_EQ(detect_format(test_file("logistic.pickle")), ModelFormat::kPickle);
  expect_predictions(Model(test_file("logistic.pickle")), expected);
}

TEST(ModelFile, SparseRowsAreMissingElsewhere) {
  Case expected = load_case("logistic");
  Table sparse;
  sparse.sparse = true;
  sparse.rows = expected.rows.rows;
  sparse.columns = expected.rows.columns;
  sparse.row_starts.push_back(0);
  for (std::size_t i = 0; i < expected.rows.dense.size(); ++i) {
    if (!std::isnan(expected.rows.dense[i])) {
      sparse.column_of.push_back(static_cast<std::uint32_t>(i % sparse.columns));
      sparse.values.push_back(expected.rows.dense[i]);
    }
    if ((i + 1) % sparse.columns == 0) sparse.row_starts.push_back(sparse.values.size());
  }
  expected.rows = sparse;
  expect_predictions(Model(expected.model), expected);
}

TEST(ModelFile, VectorBaseScoreOfVersion31) {
  Case expected = load_case("logistic");
  json::value document = json::parse(expected.model);
  json::object& parameters = document.at("learner").at("learner_model_param").as_object();
  parameters["base_score"] = "[" + std::string(parameters["base_score"].as_string()) + "]";
  expected.model = json::serialize(document);
  expect_predictions(Model(expected.model), expected);
}

TEST(ModelFile, BrokenModelsAreRefused) {
  EXPECT_THROW(Model("{\"learner\":{}}"), ModelFormatError);
  EXPECT_THROW(Model("{"), ModelFormatError);
  EXPECT_THROW(Model(test_file("logistic.ubj").substr(0, 3000)), ModelFormatError);
  json::value document = json::parse(load_case("logistic").model);
  json::object& tree = document.at_pointer("/learner/gradient_booster/model/trees/0").as_object();
  tree["left_children"].as_array()[0] = 0;  // a loop
  tree["right_children"].as_array()[0] = 0;
  EXPECT_THROW(Model(json::serialize(document)), ModelFormatError);
  tree["left_children"].as_array()[0] = 100000;
  EXPECT_THROW(Model(json::serialize(document)), ModelFormatError);
}

TEST(Pickle, HostileOnesAreRefused) {
  const auto refusal = [](std::string_view pickle) -> std::string {
    try {
      booster_in_pickle(pickle);
    } catch (const PickleError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refusal("\x80\x03"
                      "cposix\nsystem\nX\x04\0\0\0true\x85R."),
              HasSubstr("posix.system"));
  EXPECT_THAT(refusal("\x80\x04\x8c\x02os\x8c\x06system\x93."), HasSubstr("os.system"));
  EXPECT_THAT(refusal("\x80\x04N."), HasSubstr("holds no xgboost Booster"));
  EXPECT_THAT(refusal("\x80\x04"), HasSubstr("cut short"));
  EXPECT_THAT(refusal("\x80\x04h\x05."), HasSubstr("never kept"));
}

TEST(Ubjson, HostileOnesAreRefused) {
  EXPECT_THROW(parse_ubjson(std::string(100000, '[')), ModelFormatError);
  EXPECT_THROW(parse_ubjson(std::string_view("[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff", 13)),
               ModelFormatError);
  EXPECT_THROW(parse_ubjson("S"), ModelFormatError);
  EXPECT_THROW(parse_ubjson("TT"), ModelFormatError);
}

class Service : public testing::Test {
 protected:
  static XgboostService make(const std::string& name, InferenceSettings settings = {}) {
    std::vector<Model> models;
    models.emplace_back(load_case(name).model);
    return XgboostService(std::move(models), std::move(settings));
  }
  static constexpr std::string_view kRow = "0.5,-1,2,0.25";
};

TEST_F(Service, FormatsOut) {
  const XgboostService service = make("logistic");
  const auto answer = [&](std::string_view accept) {
    return service.invoke({kRow, "text/csv", accept});
  };
  const std::string score = answer("text/csv").body;
  ASSERT_EQ(score.back(), '\n');
  const std::string number = score.substr(0, score.size() - 1);
  EXPECT_EQ(answer("").body, score);
  EXPECT_EQ(answer("*/*").content_type, "text/csv; charset=utf-8");
  EXPECT_EQ(answer("application/json").body, "{\"predictions\": [{\"score\": " + number + "}]}");
  EXPECT_EQ(answer("application/jsonlines").body, "{\"score\": " + number + "}\n");
  EXPECT_THAT(answer("application/x-recordio-protobuf").body, HasSubstr("score"));
  EXPECT_EQ(answer("image/png").status, 406U);
}

TEST_F(Service, FormatsInAgree) {
  const XgboostService service = make("logistic");
  const std::string csv = service.invoke({kRow, "text/csv; charset=utf-8", ""}).body;
  EXPECT_EQ(service.invoke({"0:0.5 1:-1 2:2 3:0.25", "text/libsvm", ""}).body, csv);
  EXPECT_EQ(service.invoke({"1:0.5 2:-1 3:2 4:0.25", "text/x-libsvm", ""}).body, csv)
      << "1-based indices that fit no other way";
}

TEST_F(Service, Statuses) {
  const XgboostService service = make("logistic", {.max_payload_bytes = 100});
  const auto status = [&](std::string_view payload, std::string_view type) {
    return service.invoke({payload, type, ""}).status;
  };
  EXPECT_EQ(status("", "text/csv"), 204U);
  EXPECT_EQ(status("a,b", "text/csv"), 415U);
  EXPECT_EQ(status("1,2,3,4", "image/png"), 415U);
  EXPECT_EQ(status("1,2", "text/csv"), 400U);
  EXPECT_EQ(status("1,2,3,4,5", "text/csv"), 400U);
  EXPECT_EQ(status("1,2,3", "text/csv"), 200U) << "the last column may be missing";
  EXPECT_EQ(status(std::string(101, '1'), "text/csv"), 413U);
}

TEST_F(Service, SelectedOutputs) {
  InferenceSettings settings;
  settings.selected_outputs = {"predicted_label", "labels", "probabilities", "predicted_score"};
  const XgboostService service = make("softprob", settings);
  const std::string body = service.invoke({kRow, "text/csv", "application/json"}).body;
  EXPECT_THAT(body, HasSubstr("\"labels\": [0, 1, 2]"));
  EXPECT_THAT(body, HasSubstr("\"predicted_score\": NaN"));
  const std::string csv = service.invoke({kRow, "text/csv", "text/csv"}).body;
  EXPECT_THAT(csv, HasSubstr(",\"[0, 1, 2]\",\"["));
  EXPECT_EQ(make("poisson", settings).invoke({kRow, "text/csv", ""}).status, 500U)
      << "the objective has no such outputs";
}

}  // namespace
}  // namespace clary::algorithms::xgboost
