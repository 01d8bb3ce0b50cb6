// `sallyport explain --outbound`: what an application would get of the way out, and why.
#pragma once

#include "app/command.h"
#include "app/explain_command.h"

namespace sp::app {

Exit explain_outbound(const ExplainArguments& arguments, const CommandWorld& world);

}  // namespace sp::app
