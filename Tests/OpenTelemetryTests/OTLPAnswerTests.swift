import Core
import Testing

@testable import OpenTelemetry

/// OTLP 1.x, "Partial Success" and "Failures"; "gRPC over HTTP2".
@Suite("Answers of OTLP")
struct OTLPAnswerTests {
    @Test func `say how many were rejected, and nothing when none was`() throws {
        let answer = ExportResponse(rejected: 3, message: "no")
        #expect(Hex.encode(answer.protobuf()) == "0a06080312026e6f")
        #expect(try ExportResponse.decode(protobuf: answer.protobuf()) == answer)
        #expect(
            String(decoding: answer.json(), as: UTF8.self)
                == #"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"no"}}"#
        )
        #expect(
            String(decoding: answer.json(.metrics), as: UTF8.self)
                == #"{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"no"}}"#
        )
        for signal in [OTLPSignal.traces, .metrics] {
            #expect(try ExportResponse.decode(json: answer.json(signal)) == answer)
        }
        #expect(ExportResponse().protobuf().isEmpty)
        #expect(String(decoding: ExportResponse().json(), as: UTF8.self) == "{}")
        #expect(try ExportResponse.decode(json: Array("{}".utf8)) == ExportResponse())
        #expect(try ExportResponse.decode(json: Array(#"{"partialSuccess":null}"#.utf8)) == ExportResponse())
    }

    @Test func `carry when to send again`() throws {
        let bytes =
            "080e12056c617465721a360a28747970652e676f6f676c65617069732e636f6d2f676f6f676c652e7270632e5265747279"
            + "496e666f120a0a0808021080cab5ee01"
        let status = RPCStatus(.unavailable, "later", retryDelay: .milliseconds(2500))
        #expect(try RPCStatus.decode(protobuf: Hex.decode(bytes)!) == status)
        #expect(Hex.encode(status.protobuf()) == bytes)
        let expected =
            #"{"code":14,"message":"later","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","#
            + #""retryDelay":"2.500s"}]}"#
        #expect(String(decoding: status.json(), as: UTF8.self) == expected)
        #expect(
            String(decoding: RPCStatus(.invalidArgument, "bad").json(), as: UTF8.self)
                == #"{"code":3,"message":"bad"}"#
        )
        #expect(try RPCStatus.decode(protobuf: [8, 99]).code == .unknown)
        #expect(RPCStatus.Code.resourceExhausted.name == "RESOURCE_EXHAUSTED")
        #expect(RPCStatus.Code.internalError.name == "INTERNAL")
    }

    @Test func `frame messages of gRPC`() throws {
        let frame = GRPCFrame.encode([1, 2, 3])
        #expect(frame == [0, 0, 0, 0, 3, 1, 2, 3])
        #expect(
            try GRPCFrame.decode(frame + GRPCFrame.encode([], isCompressed: true)) == [
                GRPCFrame.Message(isCompressed: false, bytes: [1, 2, 3]),
                GRPCFrame.Message(isCompressed: true, bytes: []),
            ]
        )
        #expect(try GRPCFrame.decode([]).isEmpty)
        #expect(throws: GRPCFrame.Fault.truncated) { try GRPCFrame.decode(Array(frame.dropLast())) }
        #expect(throws: GRPCFrame.Fault.truncated) { try GRPCFrame.decode([0, 0]) }
        #expect(throws: GRPCFrame.Fault.flag(2)) { try GRPCFrame.decode([2, 0, 0, 0, 0]) }
        #expect(throws: GRPCFrame.Fault.tooLarge(3)) { try GRPCFrame.decode(frame, limit: 2) }
        #expect(throws: GRPCFrame.Fault.tooLarge(0xFFFF_FFFF)) {
            try GRPCFrame.decode([0, 255, 255, 255, 255])
        }
    }
}
