#include "services/health/tally.h"

namespace sp::health {

using proxy::CheckedState;

bool Tally::note(Outcome outcome, const policy::HealthCheck& rule) {
  if (outcome == Outcome::unknown) return false;
  const bool up = state_ == CheckedState::up;
  if ((outcome == Outcome::well) == up) {
    against_ = 0;
    return false;
  }
  if (++against_ < (up ? rule.fall : rule.rise)) return false;
  state_ = up ? CheckedState::down : CheckedState::up;
  against_ = 0;
  return true;
}

}  // namespace sp::health
