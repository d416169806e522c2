#include "posittune/engine/index_check.h"

#include <gtest/gtest.h>

#include <openvino/openvino.hpp>
#include <openvino/opsets/opset15.hpp>

#include "posittune/engine/quantized_node.h"

namespace posittune::engine {
namespace {

namespace op = ov::opset15;
using Ids = std::vector<std::int64_t>;
using Floats = std::vector<float>;

constexpr auto kInts = ov::element::i64;
constexpr auto kFloats = ov::element::f32;

std::shared_ptr<op::Parameter> parameter(const ov::element::Type& type, const ov::PartialShape& s) {
  return std::make_shared<op::Parameter>(type, s);
}
ov::Output<ov::Node> ints(const ov::Shape& shape, const Ids& values) {
  return op::Constant::create(kInts, shape, values);
}

// A model of data and indices on the CPU, its indices checked.
class Checked {
 public:
  using Make = std::function<std::shared_ptr<ov::Node>(const ov::Output<ov::Node>& data,
                                                       const ov::Output<ov::Node>& indices)>;
  Checked(const ov::PartialShape& data, const ov::PartialShape& indices, const Make& make) {
    const auto x = parameter(kFloats, data), ids = parameter(kInts, indices);
    const auto node = make(x, ids);
    node->set_friendly_name("reader");
    const auto model =
        std::make_shared<ov::Model>(ov::OutputVector{node}, ov::ParameterVector{x, ids});
    check_indices(model, failure_);
    request_ = ov::Core()
                   .compile_model(model, "CPU", ov::hint::inference_precision(kFloats))
                   .create_infer_request();
  }

  Floats run(const ov::Shape& data, const Ids& ids, const ov::Shape& shape) {
    ov::Tensor x(kFloats, data), indices(kInts, shape);
    for (std::size_t i = 0; i < x.get_size(); ++i) x.data<float>()[i] = static_cast<float>(i + 1);
    std::copy(ids.begin(), ids.end(), indices.data<std::int64_t>());
    request_.set_input_tensor(0, x);
    request_.set_input_tensor(1, indices);
    failure_.error.reset();
    try {
      request_.infer();
    } catch (const ov::Exception&) {
      EXPECT_TRUE(failure_.error);
      return {};
    }
    const ov::Tensor y = request_.get_output_tensor();
    return {y.data<float>(), y.data<float>() + y.get_size()};
  }

  // The error's range and what it found.
  std::string refused(const ov::Shape& data, const Ids& ids, const ov::Shape& shape) {
    EXPECT_EQ(run(data, ids, shape), Floats{});
    if (!failure_.error) return {};
    EXPECT_EQ(failure_.error->kind, ErrorKind::kInput);
    EXPECT_EQ(failure_.error->where, "node 'reader'");
    return failure_.error->expected + ": " + failure_.error->found;
  }

 private:
  Failure failure_;
  ov::InferRequest request_;
};

// data are 1, 2, 3 ... in the order of memory, here and below
TEST(IndexCheck, Gather) {
  for (const ov::PartialShape& data : {ov::PartialShape{3, 2}, ov::PartialShape{-1, -1}}) {
    Checked model(data, {-1}, [](const auto& x, const auto& ids) {
      return std::make_shared<op::Gather>(x, ids, ints({}, {0}));
    });
    EXPECT_EQ(model.run({3, 2}, {2, 0, -1, -3}, {4}), (Floats{5, 6, 1, 2, 5, 6, 1, 2}));
    EXPECT_EQ(model.refused({3, 2}, {0, 3}, {2}),
              "0 to 2, or from -3 on from the end: 3 at position 1");
    EXPECT_EQ(model.refused({3, 2}, {-4}, {1}),
              "0 to 2, or from -3 on from the end: -4 at position 0");
    EXPECT_EQ(model.run({3, 2}, {1}, {1}), (Floats{3, 4}));  // after a failure, too
  }
}

TEST(IndexCheck, GatherOfNumbersAndOfTheLastAxis) {
  Checked numbers({4}, {-1, -1}, [](const auto& x, const auto& ids) {
    return std::make_shared<op::Gather>(x, ids, ints({}, {0}));
  });
  EXPECT_EQ(numbers.run({4}, {3, 0}, {1, 2}), (Floats{4, 1}));
  EXPECT_NE(numbers.refused({4}, {0, 4}, {1, 2}), "");
  Checked last({2, 3}, {-1}, [](const auto& x, const auto& ids) {
    return std::make_shared<op::Gather>(x, ids, ints({}, {-1}));
  });
  EXPECT_EQ(last.run({2, 3}, {2}, {1}), (Floats{3, 6}));
  EXPECT_NE(last.refused({2, 3}, {3}, {1}), "");
}

TEST(IndexCheck, GatherElements) {
  Checked model({-1, -1}, {-1, -1}, [](const auto& x, const auto& ids) {
    return std::make_shared<op::GatherElements>(x, ids, 1);
  });
  EXPECT_EQ(model.run({2, 3}, {2, 0, 1, -1}, {2, 2}), (Floats{3, 1, 5, 6}));
  EXPECT_EQ(model.refused({2, 3}, {0, 0, 100000000, 0}, {2, 2}),
            "0 to 2, or from -3 on from the end: 100000000 at position 2");
}

TEST(IndexCheck, GatherND) {
  Checked model({-1, -1}, {-1, 2}, [](const auto& x, const auto& ids) {
    return std::make_shared<op::GatherND>(x, ids);
  });
  EXPECT_EQ(model.run({2, 3}, {1, 2, 0, -1, -1, 0}, {3, 2}), (Floats{6, 3, 4}));
  EXPECT_EQ(model.refused({2, 3}, {1, 2, 2, 0}, {2, 2}),
            "0 to 1, or from -2 on from the end: 2 at position 2");
  EXPECT_EQ(model.refused({2, 3}, {1, 3}, {1, 2}),
            "0 to 2, or from -3 on from the end: 3 at position 1");
  EXPECT_NE(model.refused({2, 3}, {100000000, 100000000}, {1, 2}), "");
  EXPECT_EQ(model.refused({0, 3}, {0, 0}, {1, 2}), "no index: the axis is empty: 0 at position 0");
  Checked batches({-1, 3}, {-1, 1}, [](const auto& x, const auto& ids) {
    return std::make_shared<op::GatherND>(x, ids, 1);
  });
  EXPECT_EQ(batches.run({2, 3}, {0, 2}, {2, 1}), (Floats{1, 6}));
  EXPECT_NE(batches.refused({2, 3}, {0, 3}, {2, 1}), "");
}

TEST(IndexCheck, Scatter) {
  const auto update = op::Constant::create(kFloats, {1, 2}, {-1, -2});
  Checked rows({3, 2}, {1}, [&](const auto& x, const auto& ids) {
    return std::make_shared<op::ScatterUpdate>(x, ids, update, ints({}, {0}));
  });
  EXPECT_EQ(rows.run({3, 2}, {-1}, {1}), (Floats{1, 2, 3, 4, -1, -2}));
  EXPECT_NE(rows.refused({3, 2}, {3}, {1}), "");
  Checked elements({3, 2}, {1, 2}, [&](const auto& x, const auto& ids) {
    return std::make_shared<op::ScatterElementsUpdate>(x, ids, update, ints({}, {0}));
  });
  EXPECT_EQ(elements.run({3, 2}, {0, -1}, {1, 2}), (Floats{-1, 2, 3, 4, 5, -2}));
  EXPECT_NE(elements.refused({3, 2}, {0, 3}, {1, 2}), "");
  Checked tuples({3, 2}, {1, 1}, [&](const auto& x, const auto& ids) {
    return std::make_shared<op::ScatterNDUpdate>(x, ids, update);
  });
  EXPECT_EQ(tuples.run({3, 2}, {-2}, {1, 1}), (Floats{1, 2, -1, -2, 5, 6}));
  EXPECT_NE(tuples.refused({3, 2}, {1000000}, {1, 1}), "");
}

TEST(IndexCheck, EmbeddingBag) {
  Checked model({3, 2}, {-1, 2}, [](const auto& x, const auto& ids) {
    return std::make_shared<op::EmbeddingBagPackedSum>(x, ids);
  });
  EXPECT_EQ(model.run({3, 2}, {0, 2}, {1, 2}), (Floats{6, 8}));
  EXPECT_NE(model.refused({3, 2}, {0, 3}, {1, 2}), "");
}

// x[:, 4] of rows that may be shorter, and as it stands in the other branch of an If.
TEST(IndexCheck, ConstantIndices) {
  Checked model({-1, -1}, {1}, [](const auto& x, const auto& ids) {
    const auto taken = std::make_shared<op::Gather>(x, ints({1}, {4}), ints({}, {1}));
    taken->set_friendly_name("reader");
    return std::make_shared<op::Add>(taken, std::make_shared<op::Convert>(ids, kFloats));
  });
  EXPECT_EQ(model.run({2, 5}, {0}, {1}), (Floats{5, 10}));
  EXPECT_NE(model.refused({2, 4}, {0}, {1}), "");
}

std::shared_ptr<ov::Node> gather_in_a_branch(const ov::Output<ov::Node>& x,
                                             const ov::Output<ov::Node>& ids) {
  const auto body = [&](bool reads) {
    const auto data = parameter(kFloats, x.get_partial_shape());
    const auto indices = parameter(kInts, ids.get_partial_shape());
    const auto rows = std::make_shared<op::Gather>(data, indices, ints({}, {0}));
    rows->set_friendly_name("rows");
    const std::shared_ptr<ov::Node> y = reads ? rows : std::static_pointer_cast<ov::Node>(data);
    return std::pair(std::make_shared<ov::Model>(
                         ov::OutputVector{std::make_shared<op::Result>(y)},
                         reads ? ov::ParameterVector{data, indices} : ov::ParameterVector{data}),
                     reads ? ov::ParameterVector{data, indices} : ov::ParameterVector{data});
  };
  const auto condition =
      std::make_shared<op::Greater>(std::make_shared<op::ReduceMax>(x, ints({2}, {0, 1})),
                                    op::Constant::create(kFloats, {}, {5}));
  const auto branch = std::make_shared<op::If>(condition);
  const auto [then, then_inputs] = body(true);
  const auto [other, other_inputs] = body(false);
  branch->set_then_body(then);
  branch->set_else_body(other);
  branch->set_input(x, then_inputs[0], other_inputs[0]);
  branch->set_input(ids, then_inputs[1], nullptr);
  branch->set_output(then->get_results()[0], other->get_results()[0]);
  return branch;
}

TEST(IndexCheck, BodiesThatRun) {
  const auto x = parameter(kFloats, {-1, 2}), ids = parameter(kInts, {-1});
  const auto model = std::make_shared<ov::Model>(ov::OutputVector{gather_in_a_branch(x, ids)},
                                                 ov::ParameterVector{x, ids});
  Checked branch({-1, 2}, {-1}, [](const auto& data, const auto& indices) {
    return gather_in_a_branch(data, indices);
  });
  EXPECT_EQ(branch.run({3, 2}, {2}, {1}), (Floats{5, 6}));
  EXPECT_EQ(branch.run({2, 2}, {7}, {1}),
            (Floats{1, 2, 3, 4}));  // the branch that reads is not taken
  EXPECT_EQ(branch.run({3, 2}, {3}, {1}), Floats{});
}

std::size_t nodes_after_check(const std::shared_ptr<ov::Node>& y,
                              const ov::ParameterVector& inputs) {
  const auto model = std::make_shared<ov::Model>(ov::OutputVector{y}, inputs);
  const std::size_t before = model->get_ops().size();
  Failure failure;
  check_indices(model, failure);
  return model->get_ops().size() - before;
}

TEST(IndexCheck, IndicesThatAreInsideCostNothing) {
  const auto x = parameter(kFloats, {-1, 3});
  const auto of = [&](const Ids& ids, std::int64_t axis) {
    return nodes_after_check(
        std::make_shared<op::Gather>(x, ints({ids.size()}, ids), ints({}, {axis})), {x});
  };
  EXPECT_EQ(of({0, 2, -1, -3}, 1), 0U);
  EXPECT_EQ(of({3}, 1), 2U);
  EXPECT_EQ(of({0}, 0), 2U);  // of no items
  EXPECT_EQ(nodes_after_check(std::make_shared<op::Gather>(std::make_shared<op::ShapeOf>(x),
                                                           ints({1}, {-1}), ints({}, {0})),
                              {x}),
            0U);
}

}  // namespace
}  // namespace posittune::engine
