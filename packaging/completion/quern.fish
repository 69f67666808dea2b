# Completion of quern's command line for fish. Commands, options and values are read from quern's
# own help, and devices from `quern devices`, so that nothing here falls behind.

function __quern_commands
    quern --help 2>/dev/null | string match --regex --groups-only '^  ([a-z][a-z-]*|--[a-z]+) +(\S.*)$' | while read name
        read about
        printf '%s\t%s\n' $name $about
    end
end

function __quern_offer
    set --local words (commandline --tokenize --cut-at-cursor --current-process)
    set --local help (quern $words[2] --help 2>/dev/null)
    # What the help calls the value of the option before the cursor, then its choices.
    set --local value (printf '%s\n' $help | awk -v option="$words[-1]" '
      /^  --/ { mine = $1 == option }
      /^  --/ && mine && /^  --[a-z0-9-]+ [^ ]/ { print $2; if ($2 ~ /[|]/) { gsub(/[|]/, "\n", $2); print $2 } }
      mine && /^ +one of / { sub(/^ +one of /, ""); gsub(/, /, "\n"); print }')
    switch "$value[1]"
        case ''
            printf '%s\n' $help | string match --regex --groups-only '^  (--[a-z0-9-]+)'
            # A command that takes files beside its options names them in the first line of its
            # help.
            if not string match --quiet -- '-*' (commandline --current-token)
                and string match --quiet --regex '^Usage:.* (FILE|LOG[.]*|IN OUT) \[OPTION\]' $help[1]
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

complete --command quern --no-files --condition 'test (count (commandline --tokenize --cut-at-cursor)) -eq 1' \
    --arguments '(__quern_commands)'
complete --command quern --no-files --condition 'test (count (commandline --tokenize --cut-at-cursor)) -gt 1' \
    --arguments '(__quern_offer)'
