import Testing

@testable import Runs

/// Web pages of remotes. Contract §1.9.
@Suite("Links to repositories and commits")
struct LinkTests {
    private let links = RepositoryLinks(hosts: ["gitlab.mycorp.com": .gitlab])

    @Test(
        "remotes and their pages",
        arguments: [
            ("https://github.com/o/r", "https://github.com/o/r", "https://github.com/o/r/commit/H"),
            ("https://github.com/o/r.git", "https://github.com/o/r", "https://github.com/o/r/commit/H"),
            (" https://github.com/o/r// ", "https://github.com/o/r", "https://github.com/o/r/commit/H"),
            (
                "https://github.com/o/r.git/", "https://github.com/o/r.git",
                "https://github.com/o/r.git/commit/H"
            ),
            ("git@github.com:o/r.git", "https://github.com/o/r", "https://github.com/o/r/commit/H"),
            ("https://GitHub.com/O/R", "https://GitHub.com/O/R", "https://GitHub.com/O/R/commit/H"),
            ("https://gitlab.com/g/s/r", "https://gitlab.com/g/s/r", "https://gitlab.com/g/s/r/-/commit/H"),
            ("git@bitbucket.org:o/r.git", "https://bitbucket.org/o/r", "https://bitbucket.org/o/r/commits/H"),
            (
                "https://gitlab.mycorp.com/g/r", "https://gitlab.mycorp.com/g/r",
                "https://gitlab.mycorp.com/g/r/-/commit/H"
            ),
            ("git@git.example.com:o/r.git", "https://git.example.com/o/r", nil),
            ("https://evil.example/github.com/o/r", "https://evil.example/github.com/o/r", nil),
            ("ssh://git@github.com:22/o/r.git", "https://github.com/o/r", "https://github.com/o/r/commit/H"),
            ("http://github.com/o/r", "https://github.com/o/r", "https://github.com/o/r/commit/H"),
            (
                "https://user:tok@github.com/o/r.git", "https://github.com/o/r",
                "https://github.com/o/r/commit/H"
            ),
            ("git://github.com/o/r", nil, nil), ("HTTPS://github.com/o/r", nil, nil),
            ("git@github.com", nil, nil),
            ("org@github.com:o/r.git", nil, nil), ("my-repo", nil, nil), ("  ", nil, nil), (nil, nil, nil),
        ] as [(String?, String?, String?)]
    )
    func pages(remote: String?, repository: String?, commit: String?) {
        #expect(links.repository(remote) == repository)
        #expect(links.commit("H", in: remote) == commit)
        #expect(links.commit(" ", in: remote) == nil && links.commit(nil, in: remote) == nil)
    }
}
