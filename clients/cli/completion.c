/* muster completion: what a shell must know to complete muster's words. It asks `muster complete`, so that what it
 * offers is what this very program can. */
#include "clients/cli/verbs.h"

#include <string.h>

static const char BASH[] = "# muster's words in bash: source <(muster completion bash)\n"
                           "_muster()\n"
                           "{\n"
                           "    local typed=${COMP_WORDS[COMP_CWORD]} word\n"
                           "    [ \"$typed\" != = ] || typed=  # bash parts --option=value there\n"
                           "    COMPREPLY=()\n"
                           "    while IFS=$'\\t' read -r word _; do\n"
                           "        if [ \"$word\" = @files ]; then\n"
                           "            compopt -o filenames\n"
                           "            mapfile -t COMPREPLY < <(compgen -f -- \"$typed\")\n"
                           "        else\n"
                           "            COMPREPLY+=(\"$word\")\n"
                           "        fi\n"
                           "    done < <(\"${1/#\\~/$HOME}\" complete \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null)\n"
                           "}\n"
                           "complete -F _muster muster\n";

static const char ZSH[] = "#compdef muster\n"
                          "# muster's words in zsh: source <(muster completion zsh), or a file _muster in fpath\n"
                          "_muster()\n"
                          "{\n"
                          "    local -a found\n"
                          "    local line files=\n"
                          "    for line in ${(f)\"$(${~words[1]} complete \"${(@)words[2,CURRENT-1]}\" \"$PREFIX\" 2>/dev/null)\"}; do\n"
                          "        if [[ $line == @files ]]; then\n"
                          "            files=1\n"
                          "        else\n"
                          "            found+=(\"${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}\")\n"
                          "        fi\n"
                          "    done\n"
                          "    [[ $PREFIX != --*=* ]] || compset -P '*='\n"
                          "    (( ! $#found )) || _describe muster found\n"
                          "    [[ -z $files ]] || _files\n"
                          "}\n"
                          "if [[ $funcstack[1] == _muster ]]; then\n"
                          "    _muster \"$@\"\n"
                          "else\n"
                          "    compdef _muster muster\n"
                          "fi\n";

int completion_run(struct cli *cli)
{
    if (strcmp(cli->operand, "bash") == 0) fputs(BASH, stdout);
    else if (strcmp(cli->operand, "zsh") == 0) fputs(ZSH, stdout);
    else return usage(cli, "'%s' is no shell whose completion is known: bash or zsh", cli->operand);
    return EXIT_DONE;
}
