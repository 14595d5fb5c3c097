import Core
import Testing

@Suite struct `Masked JSON` {
    private let masking = JSONMasking(mask: Array("0".utf8)) { $0.elementsEqual("k".utf8) }

    private func masked(_ text: String) -> String? {
        masking.masked(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        (#"{"k":1}"#, #"{"k":0}"#),
        (#" { "k" : "v" , "a":2 } "#, #" { "k" : 0 , "a":2 } "#),
        (#"{"k":{"k":[1,"]}",{}]},"b":true}"#, #"{"k":0,"b":true}"#),
        (#"[{"k":-1.5e3},{"k":null},{"k":false},{"k":[]}]"#, #"[{"k":0},{"k":0},{"k":0},{"k":0}]"#),
        (#"{"\u006b":1,"k":2}"#, #"{"\u006b":0,"k":0}"#),
        ("{\"k\"\n:\t1\n,\"a\":1.0}", "{\"k\"\n:\t0\n,\"a\":1.0}"),
        ("\u{FEFF}{\"k\":1}", "\u{FEFF}{\"k\":0}"),
    ])
    func `has a mask for every value of the key, and all else as it was`(text: String, expected: String) {
        #expect(masked(text) == expected)
    }

    @Test(arguments: [
        (#"{"a":"{\"k\":\"v\"}"}"#, #"{"a":"{\"k\":0}"}"#),
        (#"["\u007b\"k\":1}"]"#, #"["{\"k\":0}"]"#),
        (#"["\n [{\"k\":1}] "]"#, #"["\n [{\"k\":0}] "]"#),
        (#"["\ufeff{\"k\":1}"]"#, "[\"\u{FEFF}{\\\"k\\\":0}\"]"),
        (#""{\"k\":1}""#, #""{\"k\":0}""#),
        (#"{"a":"\"{\\\"k\\\":1}\""}"#, #"{"a":"\"{\\\"k\\\":0}\""}"#),
        (#"{"a":"{\"\\u006b\":1}"}"#, #"{"a":"{\"\\u006b\":0}"}"#),
    ])
    func `is read within strings, too, and written as a string again`(text: String, expected: String) {
        #expect(masked(text) == expected)
    }

    @Test(arguments: [
        "", "nothing", #"{"a":1,"kk":2,"K":3}"#, #"["k"]"#, #"{"a":"k"}"#, #"{"a":"{k:1}"}"#, #"{"k":1"#,
        #"{"a":"{\"k\":1"}"#,
    ])
    func `is nothing new where there is nothing to mask, or no JSON`(text: String) {
        #expect(masked(text) == nil)
    }

    @Test func `is found at any depth, without recursion`() {
        let deep = String(repeating: #"[{"a":"#, count: 100_000)
        let ends = String(repeating: "}]", count: 100_000)
        #expect(masked(deep + #"{"k":"v"}"# + ends) == deep + #"{"k":0}"# + ends)
    }

    @Test func `within too many layers of strings is masked with all around it`() {
        var text = #"{"k":"secret"}"#
        for _ in 0...JSONMasking.maximumLayers + 2 {
            var quoted: [UInt8] = []
            JSONWriter.appendQuoted(text, to: &quoted)
            text = String(decoding: quoted, as: UTF8.self)
        }
        let result = masked(text)
        #expect(result != nil && result?.contains("secret") == false)
    }
}
