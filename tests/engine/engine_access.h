#pragma once

// The objects inside an engine.

#include "posittune/engine/engine_state.h"

namespace posittune::engine {

struct EngineTestAccess {
  using State = Engine::State;
  static State& state(Engine& engine) { return *engine.state_; }
};

}  // namespace posittune::engine
