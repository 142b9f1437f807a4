internal import JSON
internal import Testing

@testable internal import SegmentLog

struct RecordLineTests {
    /// Two lines of one batch of the segment 150001 of `clients`; checksums from the `xxhash` package of PyPI.
    static let golden = #"""
        {"seq":150001,"batch":150001,"at":"2026-11-23T19:16:04.123456Z","op":"put","id":"a1","doc":{"n":1},"xxh3":"d4ede483c8d300fe"}
        {"seq":150002,"batch":150001,"at":"2026-11-23T19:16:04.123457Z","op":"put","id":"a2","doc":{"n":2},"xxh3":"da1b9d3669987348"}

        """#

    static let seed = RecordLine.seed(log: "clients", segment: 150_001)

    static func line(_ members: String = #""op":"put","id":"a1","doc":{"n":1}"#, seed: UInt64 = seed) -> [UInt8] {
        var bytes: [UInt8] = []
        let at = Timestamp(microseconds: 1_795_461_364_123_456)
        RecordLine.begin(150_001, batch: 150_001, at: at, in: &bytes)
        bytes += members.utf8
        RecordLine.seal(&bytes, from: 0, seed: seed)
        return bytes
    }

    static func open(_ line: [UInt8], seed: UInt64 = seed) -> Result<RecordLine.Header, CheckedLineError> {
        line.withUnsafeBytes { bytes in
            Result { () throws(CheckedLineError) in try RecordLine.open(bytes, seed: seed) }
        }
    }

    @Test func sealedLinesMatchTheDocumentation() {
        var bytes = Self.line()
        let start = bytes.count
        let at = Timestamp(microseconds: 1_795_461_364_123_457)
        RecordLine.begin(150_002, batch: 150_001, at: at, in: &bytes)
        bytes += #""op":"put","id":"a2","doc":{"n":2}"#.utf8
        RecordLine.seal(&bytes, from: start, seed: Self.seed &+ UInt64(start))
        #expect(String(decoding: bytes, as: UTF8.self) == Self.golden)
    }

    /// The numbers come from the `xxhash` package of PyPI.
    @Test func seedsMatchTheDocumentation() {
        #expect(RecordLine.seed(log: "clients", segment: 150_001) == 0xb98f_faf9_9c9b_fa09)
        let merged = SegmentID(first: 150_001, generation: 3)
        #expect(RecordLine.seed(log: "clients", segment: merged) == 0x1db9_f6c0_80be_5512)
    }

    @Test func resealedLineIsValidAtItsNewPlaceOnly() throws {
        let line = Self.line()
        var moved: [UInt8] = [1, 2, 3]
        RecordLine.reseal(line[...], seed: Self.seed &+ 1, to: &moved)
        let new = Array(moved.dropFirst(3))
        #expect(moved.prefix(3) == [1, 2, 3] && new.count == line.count)
        let header = try new.withUnsafeBytes { try RecordLine.open($0, seed: Self.seed &+ 1) }
        #expect(header == (try Self.open(line).get()))
        #expect(throws: CheckedLineError.checksumMismatch) {
            try new.withUnsafeBytes { try RecordLine.open($0, seed: Self.seed) }
        }
    }

    @Test func openReturnsWhatWasSealed() throws {
        let line = Self.line()
        let header = try Self.open(line).get()
        #expect(header.sequence == 150_001)
        #expect(header.batch == 150_001)
        #expect(header.at == Timestamp(microseconds: 1_795_461_364_123_456))
        #expect(String(decoding: line[header.members], as: UTF8.self) == #""op":"put","id":"a1","doc":{"n":1}"#)
    }

    @Test func everyTruncationIsTorn() {
        let line = Self.line()
        for count in line.indices { #expect(Self.open(Array(line.prefix(count))) == .failure(.torn), "\(count)") }
    }

    @Test func everyFlippedBitIsDetected() {
        let line = Self.line()
        for bit in 0..<line.count * 8 {
            var flipped = line
            flipped[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: CheckedLineError.self, "bit \(bit)") { try Self.open(flipped).get() }
        }
    }

    @Test(
        arguments: [
            RecordLine.seed(log: "models", segment: 150_001), RecordLine.seed(log: "clients", segment: 1),
            RecordLine.seed(log: "clients", segment: 150_001) &+ 1,
        ]
    )
    func movedLineDoesNotVerify(elsewhere: UInt64) {
        #expect(Self.open(Self.line(), seed: elsewhere) == .failure(.checksumMismatch))
    }

    /// Lines with matching checksums that only another program could write.
    @Test(
        arguments: [
            #"{"seq":1}"#, #"{"seq":,"batch":1,"at":"2026-11-23T19:16:04.123456Z","op":1}"#,
            #"{"seq":99999999999999999999,"batch":1,"at":"2026-11-23T19:16:04.123456Z","op":1}"#,
            #"{"seq":9223372036854775808,"batch":1,"at":"2026-11-23T19:16:04.123456Z","op":1}"#,
            #"{"seq":1,"batch":1,"at":"2026-11-23T19:16:04Z","op":"put","id":"01234567"}"#,
            #"{"batch":1,"seq":1,"at":"2026-11-23T19:16:04.123456Z","op":1}"#,
            #"{"seq":1,"batch":1,"at":"2026-11-23T19:16:04.123456Z"}"#,
        ]
    )
    func lineOfAnotherShapeIsMalformed(_ text: String) {
        var line = Array(text.utf8)
        CheckedLine.seal(&line, from: 0, seed: Self.seed)
        #expect(Self.open(line) == .failure(.malformed))
    }

    @Test func largestNumbersAreReadBack() throws {
        var line: [UInt8] = []
        let largest = UInt64(Int64.max)
        RecordLine.begin(largest, batch: largest, at: .latest, in: &line)
        line += #""op":1"#.utf8
        RecordLine.seal(&line, from: 0, seed: 0)
        let header = try Self.open(line, seed: 0).get()
        #expect(header.sequence == largest && header.batch == largest && header.at == .latest)
    }

    @Test func sealingANewlineTraps() async {
        await #expect(processExitsWith: .failure) { _ = RecordLineTests.line("\"op\":\n1") }
    }

    @Test func sealingANULTraps() async {
        await #expect(processExitsWith: .failure) { _ = RecordLineTests.line("\"op\":\0") }
    }
}
