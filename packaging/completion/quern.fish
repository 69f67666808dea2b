# Completion of quern's command line for fish. Commands, options and values are read from `quern
# --help-table`, and devices from `quern devices`.

function __quern_commands
    quern --help-table 2>/dev/null
end

function __quern_offer
    set --local words (commandline --tokenize --cut-at-cursor --current-process)
    set --local table (quern $words[2] --help-table 2>/dev/null)
    # The placeholder of the value of the option before the cursor, then its choices.
    set --local value (printf '%s\n' $table | awk -F '\t' -v option="$words[-1]" '
      $1 == option && $2 { print $2; gsub(/ /, "\n", $3); print $3 }')
    switch "$value[1]"
        case ''
            printf '%s\n' $table | awk -F '\t' '$1 { print $1 "\t" $4 }'
            # A line without an option is for the files that the command takes.
            if not string match --quiet -- '-*' (commandline --current-token)
                and string match --quiet --regex '^\t' $table[1]
                __fish_complete_path (commandline --current-token)
            end
        case WHERE
            printf '%s\n' digits fashion-mnist
            __fish_complete_path (commandline --current-token)
        case FILE
            __fish_complete_path (commandline --current-token)
        case DEVICE
            echo auto
            quern devices --json 2>/dev/null |
                string match --regex --groups-only '^\s*"(?:index|name)":\s*"?([^",]*)"?,$'
        case '*'
            test (count $value) -lt 2; or printf '%s\n' $value[2..]
    end
end

complete --command quern --no-files \
    --condition 'test (count (commandline --tokenize --cut-at-cursor)) -eq 1' \
    --arguments '(__quern_commands)'
complete --command quern --no-files \
    --condition 'test (count (commandline --tokenize --cut-at-cursor)) -gt 1' \
    --arguments '(__quern_offer)'
