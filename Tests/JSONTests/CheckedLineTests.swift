internal import JSON
internal import TestSupport
internal import Testing

struct CheckedLineTests {
    static let object = #"{"seq":7,"op":"put","id":"a1"}"#

    func sealed(_ object: String = Self.object, seed: UInt64 = 42) -> [UInt8] {
        var line = Array(object.utf8)
        CheckedLine.seal(&line, from: 0, seed: seed)
        return line
    }

    func failure(of line: [UInt8], seed: UInt64 = 42) -> CheckedLineError? {
        line.withUnsafeBytes { bytes in
            do throws(CheckedLineError) {
                try CheckedLine.verify(bytes, seed: seed)
                return nil
            } catch {
                return error
            }
        }
    }

    /// The checksums were computed by the `xxhash` package of PyPI, because the format on disk must not change.
    @Test(
        arguments: [(0, "3ed14974a7dab378"), (42, "0deda857fdb0b91e"), (.max, "d613a1d40cca8c9e")] as [(UInt64, String)]
    )
    func sealedLineEqualsTheDocumentedBytes(seed: UInt64, checksum: String) {
        let line = String(decoding: sealed(seed: seed), as: UTF8.self)
        #expect(line == #"{"seq":7,"op":"put","id":"a1","xxh3":"\#(checksum)"}"# + "\n")
        #expect(line.utf8.count == Self.object.utf8.count - 1 + CheckedLine.trailerByteCount)
    }

    @Test func sealedLineIsValid() {
        #expect(failure(of: sealed()) == nil)
    }

    @Test func sealingKeepsPrecedingBytes() {
        var bytes = Array("before\n".utf8)
        let start = bytes.count
        bytes += Array(Self.object.utf8)
        CheckedLine.seal(&bytes, from: start, seed: 42)
        #expect(bytes.starts(with: Array("before\n".utf8)))
        #expect(Array(bytes[start...]) == sealed())
    }

    @Test func truncatedLinesAreTorn() {
        let line = sealed()
        for count in line.indices {
            #expect(failure(of: Array(line.prefix(count))) == .torn, "\(count) bytes")
        }
    }

    @Test func flippedBitsAreDetected() {
        let line = sealed()
        for index in line.indices {
            for bit in 0..<8 {
                var flipped = line
                flipped[index] ^= 1 << UInt8(bit)
                #expect(failure(of: flipped) != nil, "bit \(bit) of byte \(index)")
            }
        }
    }

    @Test func anotherSeedIsAMismatch() {
        #expect(failure(of: sealed(), seed: 43) == .checksumMismatch)
    }

    @Test func changedByteIsAMismatch() {
        var line = sealed()
        line[8] = UInt8(ascii: "8")
        #expect(failure(of: line) == .checksumMismatch)
    }

    @Test(arguments: [
        "\n", "{}\n", #"{"seq":7}"# + "\n", #","xxh3":"0123456789abcdef"}"# + "\n",
        #"{"seq":7,"xxh3":"0123456789ABCDEF"}"# + "\n", #"{"seq":7,"xxh4":"0123456789abcdef"}"# + "\n",
        #"{"seq":7,"xxh3":"0123456789abcdef"] "# + "\n",
    ])
    func lineWithoutTrailerIsMalformed(_ line: String) {
        #expect(failure(of: Array(line.utf8)) == .malformed)
    }

    /// Verification rejects all malformed input.
    @Test func randomBytesAreInvalid() {
        var random = SeededGenerator()
        for _ in 0..<2_000 {
            var line = random.bytes(count: .random(in: 0..<80, using: &random))
            if Bool.random(using: &random) { line += Array(sealed().suffix(.random(in: 0..<30, using: &random))) }
            #expect(failure(of: line) != nil, "SEED=\(SeededGenerator.runSeed)")
        }
    }

    @Test func openedObjectHasNoChecksum() throws {
        let object: JSONObject = ["format": 1, "name": "clients", "nested": ["xxh3": "mine"]]
        let line = CheckedLine.seal(object, seed: 7)
        #expect(try CheckedLine.open(line, seed: 7) == object)
        #expect(throws: CheckedLineError.checksumMismatch) { try CheckedLine.open(line, seed: 8) }
        #expect(throws: CheckedLineError.torn) { try CheckedLine.open(line.dropLast(), seed: 7) }
    }

    /// Only another program can have written such a line.
    @Test func validLineThatIsNotJSONIsMalformed() {
        #expect(throws: CheckedLineError.malformed) { try CheckedLine.open(sealed("{not json}"), seed: 42) }
    }

    @Test func sealingANonObjectTraps() async {
        await #expect(processExitsWith: .failure) {
            var line = Array("[1]".utf8)
            CheckedLine.seal(&line, from: 0, seed: 0)
        }
    }

    @Test func sealingTwoLinesTraps() async {
        await #expect(processExitsWith: .failure) {
            var line = Array("{\"a\":\n1}".utf8)
            CheckedLine.seal(&line, from: 0, seed: 0)
        }
    }

    @Test func sealingAnEmptyObjectTraps() async {
        await #expect(processExitsWith: .failure) {
            var line = Array("{}".utf8)
            CheckedLine.seal(&line, from: 0, seed: 0)
        }
    }
}
