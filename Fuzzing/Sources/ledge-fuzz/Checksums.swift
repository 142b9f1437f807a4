internal import JSON

/// Correction of checksums after edits, so that the code that runs after their verification is fuzzed too.
enum Checksums {
    /// Returns the lines with correct checksums; `seed` returns the seed for a line's offset.
    static func corrected(_ lines: [UInt8], seed: (Int) -> UInt64) -> [UInt8] {
        var corrected: [UInt8] = []
        for line in lines.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) where !line.isEmpty {
            var covered =
                line.count > CheckedLine.trailerByteCount ? line.dropLast(CheckedLine.trailerByteCount - 1) : line
            if covered.first != UInt8(ascii: "{") { covered = Array("{".utf8) + covered }
            let start = corrected.count
            corrected += covered
            if corrected.count - start < 2 { corrected.append(UInt8(ascii: " ")) }
            corrected.append(UInt8(ascii: "}"))
            CheckedLine.seal(&corrected, from: start, seed: seed(start))
        }
        return corrected
    }
}
