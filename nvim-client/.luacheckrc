std = "luajit"
globals = { "vim" }
max_line_length = 140
files["lua/codeintel/protocol.lua"] = { max_line_length = false } -- generated
