/// In which types a mean is taken, and by which formula.
struct MeanRule: Sendable {
    enum Formula: Sendable {
        /// There is one update: it is the mean.
        case copy
        /// m + n * (x - m) / N
        case increment
        /// (1 - n / N) * m + n / N * x
        case blend
    }

    let formula: Formula
    /// What the updates hold.
    let read: ElementType
    /// What the sum is held in.
    let summed: ElementType
    /// What the result holds.
    let written: ElementType

    /// - Precondition: there is a mean of this type.
    init(_ read: ElementType, _ format: WeightsFormat, updateCount: Int) {
        guard let mean = read.ofMean else { preconditionFailure("there is a mean of \(read)") }
        self.read = read
        if updateCount == 1 {
            (formula, summed, written) = (.copy, read, read)
        } else if format == .android {
            (formula, summed, written) = (.blend, .float64, read)
        } else {
            (formula, summed, written) = (.increment, mean, mean)
        }
    }
}
