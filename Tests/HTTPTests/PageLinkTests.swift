import HTTP
import Testing

@Suite struct `Link to the next page` {
    static let cases: [(target: String, link: String)] = [
        ("/api/v1/runs", #"<?cursor=c_2>; rel="next""#),
        ("/api/v1/runs?limit=2", #"<?limit=2&cursor=c_2>; rel="next""#),
        ("/api/v1/runs?cursor=c_1&limit=2&offset=4", #"<?limit=2&cursor=c_2>; rel="next""#),
        ("/api/v1/runs?%63ursor=c_1&limit=2", #"<?limit=2&cursor=c_2>; rel="next""#),
        ("/api/v1/runs?cursors=1", #"<?cursors=1&cursor=c_2>; rel="next""#),
        (
            "/api/v1/runs?agent_name=a>,<http://evil.example/>;rel=\"next\"",
            #"<?agent_name=a%3E,%3Chttp://evil.example/%3E;rel=%22next%22&cursor=c_2>; rel="next""#
        ),
        ("/api/v1/runs?job_type=Zürich", #"<?job_type=Z%C3%BCrich&cursor=c_2>; rel="next""#),
        (
            "/api/v1/runs?job_type=a%2Fb+c&x=100%&y=%zz",
            #"<?job_type=a%2Fb+c&x=100%25&y=%25zz&cursor=c_2>; rel="next""#
        ),
        (#"/api/v1/runs?a={b}|\^`"#, #"<?a=%7Bb%7D%7C%5C%5E%60&cursor=c_2>; rel="next""#),
    ]

    @Test(arguments: cases)
    func `is a reference of the query alone, quoted`(target: String, link: String) {
        let head = RequestHead(method: .get, target: target, fields: [:])
        #expect(PageLink.next(head, "c_2") == link)
    }
}
