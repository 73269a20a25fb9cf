-- The adapters call the plugins as these document it: stand-ins keep what they are given.
local t = require('harness')
t.start('README.md')
local pickers = require('codeintel.pickers')
local given = {}

local function stand_in(name, module)
  package.loaded[name] = module
end

vim.g.codeintel = {}
t.equal(pickers.name(), 'builtin')
stand_in('snacks.picker', {
  pick = function(options)
    given.snacks = options
  end,
})
t.equal(pickers.name(), 'snacks')
pickers.search('')
local items = given.snacks.finder({}, { filter = { search = 'retry with backoff' } })
t.matches(items[1].file, 'courier/retry.py$')
t.matches(given.snacks.format(items[1])[1][1], 'retry_with_backoff')
t.equal(items[1].pos[2], 0)
t.equal(given.snacks.finder({}, { filter = { search = 'lnag:x' } }), {})

stand_in('fzf-lua', {
  defaults = { actions = { files = { default = true } } },
  fzf_live = function(source, options)
    given.fzf = { source = source, options = options }
  end,
})
t.equal(pickers.name(), 'fzf')
pickers.search('')
t.matches(given.fzf.source({ 'retry with backoff' })[1], '^courier/retry.py:%d+:1: ')
t.equal(given.fzf.source({ '' }), {})

stand_in('telescope', {})
stand_in('telescope.config', {
  values = {
    grep_previewer = function()
      return 'previewer'
    end,
    generic_sorter = function()
      return 'sorter'
    end,
  },
})
stand_in('telescope.finders', {
  new_dynamic = function(options)
    return options
  end,
  new_table = function(options)
    return options
  end,
})
stand_in('telescope.pickers', {
  new = function(_, options)
    given.telescope = options
    return { find = function() end }
  end,
})
t.equal(pickers.name(), 'telescope')
pickers.search('')
local finder = given.telescope.finder
local entry = finder.entry_maker(finder.fn('retry with backoff')[1])
t.matches(entry.filename, 'courier/retry.py$')
t.equal(entry.lnum, entry.value.range.start.line + 1)
given.telescope = nil
vim.cmd('CodeIntel search retry with backoff')
t.wait('chosen from', function()
  return given.telescope
end)
t.equal(#given.telescope.finder.results > 3, true)
