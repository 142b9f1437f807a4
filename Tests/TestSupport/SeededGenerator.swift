internal import Glibc

/// Random numbers that are repeatable by their seed (SplitMix64; Steele, Lea, Flood, OOPSLA 2014).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    /// The seed of this test run: `SEED` from the environment, or a new one each time.
    ///
    /// Put it in the message of every expectation on random data, so that the failure can be repeated.
    package static let runSeed: UInt64 = {
        if let text = getenv("SEED"), let seed = UInt64(String(cString: text)) { return seed }
        return UInt64.random(in: 1...999_999_999)
    }()

    private var state: UInt64

    package init(seed: UInt64 = Self.runSeed) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// Returns `count` random bytes.
    package mutating func bytes(count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            var word: UInt64 = 0
            for index in 0..<count {
                if index % 8 == 0 { word = next() }
                buffer[index] = UInt8(truncatingIfNeeded: word)
                word >>= 8
            }
            initializedCount = count
        }
    }
}
