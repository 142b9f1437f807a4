internal import Glibc

extension Range<Int> {
    /// Returns some numbers of the range, chosen by the run's seed, including its ends.
    ///
    /// With `EVERY=N` in the environment it returns every Nth number instead, with 1 all.
    package func sampled(_ countMax: Int) -> [Int] {
        if let text = getenv("EVERY"), let step = Int(String(cString: text)), step > 0 {
            return Array(stride(from: lowerBound, to: upperBound, by: step))
        }
        guard count > countMax, let last else { return Array(self) }
        var generator = SeededGenerator()
        let inner = (0..<countMax - 2).map { _ in Int.random(in: self, using: &generator) }
        return [lowerBound] + inner.sorted() + [last]
    }
}
