# shellcheck shell=bash
# Man pages and completions, generated from the executable. Needs `root`.

# write_manuals WEIR SHARE ZSH: into the directory SHARE (/usr/share), the completion of zsh into SHARE/ZSH.
write_manuals() {
    local weir="$1" share="$2" zsh="$3" version
    version="${WEIR_PACKAGE_VERSION:-$("$weir" --version)}"
    install -d "$share/man/man1" "$share/bash-completion/completions" "$share/$zsh" "$share/fish/vendor_completions.d"
    "$weir" --experimental-dump-help | python3 "$root/scripts/lib/manpage.py" "$share/man/man1" "${version##* }"
    gzip -9nf "$share"/man/man1/weir*.1
    "$weir" --generate-completion-script bash >"$share/bash-completion/completions/weir"
    "$weir" --generate-completion-script zsh >"$share/$zsh/_weir"
    "$weir" --generate-completion-script fish >"$share/fish/vendor_completions.d/weir.fish"
}
