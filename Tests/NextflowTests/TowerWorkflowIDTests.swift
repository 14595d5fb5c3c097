import Core
import Testing

@testable import Nextflow

@Suite("The id of a workflow")
struct TowerWorkflowIDTests {
    @Test(
        "is the beginning of its run's key",
        arguments: [
            ("00000000-0000-0000-0000-000000000000", "0000000000000000"),
            ("00000000-0000-0000-0000-0001ffffffff", "0000000000000000"),
            ("00000000-0000-0000-0000-000200000000", "0000000000000001"),
            ("ffffffff-ffff-ffff-ffff-ffffffffffff", "pWE94k9hlxnYxoeV"),
        ]
    )
    func text(key: String, id: String) throws {
        let key = try #require(UUID128(key))
        #expect(TowerWorkflowID.make(key) == id)
        let keys = try #require(TowerWorkflowID.keys(of: id))
        #expect(keys.contains(key))
    }

    @Test("stands for the keys that begin with it, and for no others")
    func keys() throws {
        let keys = try #require(TowerWorkflowID.keys(of: "0000000000000001"))
        #expect(keys.lowerBound.description == "00000000-0000-0000-0000-000200000000")
        #expect(keys.upperBound.description == "00000000-0000-0000-0000-0003ffffffff")
        for _ in 0..<100 {
            let key = UUID128.random()
            #expect(TowerWorkflowID.keys(of: TowerWorkflowID.make(key))?.contains(key) == true)
        }
    }

    @Test(
        "has one form",
        arguments: [
            "", "abc", "000000000000000", "00000000000000000", "zzzzzzzzzzzzzzzz", "00000000-0000000",
        ]
    )
    func others(text: String) {
        #expect(TowerWorkflowID.keys(of: text) == nil)
    }
}
