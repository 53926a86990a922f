// The script for pages that can load one file only: the widget, and before it what it would load.

import "./embedded/parts.js";
import "./widget.js";
