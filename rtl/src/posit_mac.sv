// Fused multiply-accumulate of posits: sum += a * b in a fixed-point accumulator, no rounding on
// the way (posit_round gives the posit).
//
//   accumulator, exact:  | sign | GUARD | integer 2M+1 | fraction 2M |      M = (N-2) * 2^ES
//   accumulator, truncated: the TRUNCATE lowest fraction bits are not there
//   bit 0 weighs 2^LSB, LSB = TRUNCATE - 2M
//
// Parameters  N 4..32, ES 0..4
//             PIPELINE   0..3 register stages before the accumulator:
//                        1: behind the multiplier; 2: and behind the decoders; 3: and the aligner
//             GUARD      carry guard bits (>= 1) of the default width
//             TRUNCATE   0..2M; above 0, each product is rounded to 2^LSB (ties up):
//                        error of a sum of K products at most K * 2^(LSB-1)
//             ACC_WIDTH  accumulator bits, sign included; less than the default cuts the range, and
//                        products that do not fit give NaR
// Ports       valid_i, ready_o   handshake of a pair; clear_i: the pair begins a new sum;
//                                last_i: the pair ends it and the sum is offered
//             valid_o, ready_i   handshake of a sum: acc_o stands still until it is taken
//             acc_o, nar_o       two's complement sum; NaR (then acc_o means nothing)
//             rst_i              synchronous: forgets all pairs and the sum
// NaR         sticky until the next clear_i: an operand is NaR, or the sum leaves
//             [-2^(ACC_WIDTH-2), 2^(ACC_WIDTH-2)) in units of the last bit. With the default width
//             any 2^GUARD - 1 products fit.
// Latency     PIPELINE + 1 cycles from a pair to acc_o; one pair each cycle.
//
// Holding costs no multiplexers at the accumulator: without a new pair, a is zero and so is the
// product; clear and reset share the gates in the feedback.

module posit_mac #(
    parameter int N = 8,
    parameter int ES = 1,
    parameter int PIPELINE = 0,
    parameter int GUARD = posit_pkg::DefaultGuard,
    parameter int TRUNCATE = 0,
    parameter int ACC_WIDTH = 4 * (N - 2) * (1 << ES) - TRUNCATE + 2 + GUARD
) (
    input  logic                 clk_i,
    input  logic                 rst_i,
    input  logic                 valid_i,
    output logic                 ready_o,
    input  logic                 clear_i,
    input  logic                 last_i,
    input  logic [N-1:0]         a_i,
    input  logic [N-1:0]         b_i,
    output logic                 valid_o,
    input  logic                 ready_i,
    output logic [ACC_WIDTH-1:0] acc_o,
    output logic                 nar_o
);

  localparam int M = (N - 2) * (1 << ES);
  localparam int Lsb = TRUNCATE - 2 * M;
  localparam int Frac = (N - 3 - ES > 0) ? N - 3 - ES : 0;
  localparam int Sig = Frac + 2;
  localparam int Exp = $clog2(N - 1) + 1 + ES;
  localparam int Product = 2 * Sig;
  localparam int Shift = Exp + 1;
  // Product bit 0 weighs 2^(shift - 2*BIAS - 2*FRAC), BIAS = 2^(Exp-1).
  localparam int Low = 2 * Frac + (1 << Exp) + Lsb;
  // Bits that hold every product: sign, and weights up to 2^(2M).
  localparam int Need = 2 * M - Lsb + 2;
  localparam int Fits = (Need < ACC_WIDTH) ? 1 : 0;
  localparam int Aligned = (Fits != 0) ? Need : ACC_WIDTH - 1;

  generate
    if (N < posit_pkg::MinBits || N > posit_pkg::MaxBits) begin : g_bad_n
      $error("posit_mac: N must be 4..32");
    end
    if (ES < 0 || ES > posit_pkg::MaxEs) begin : g_bad_es
      $error("posit_mac: ES must be 0..4");
    end
    if (PIPELINE < 0 || PIPELINE > posit_pkg::MaxPipeline) begin : g_bad_pipeline
      $error("posit_mac: PIPELINE must be 0..3");
    end
    if (TRUNCATE < 0 || TRUNCATE > 2 * M) begin : g_bad_truncate
      $error("posit_mac: TRUNCATE must be 0..2*(N-2)*2^ES");
    end
    if (ACC_WIDTH < 4 - Lsb) begin : g_bad_width
      $error("posit_mac: ACC_WIDTH must hold the fraction and 4 bits: 4 + 2*(N-2)*2^ES - TRUNCATE");
    end
    if (GUARD < 1) begin : g_bad_guard
      $error("posit_mac: GUARD must be at least 1");
    end
  endgenerate

  logic advance;  // all stages move
  assign advance = ~valid_o | ready_i;
  assign ready_o = advance;

  // ---- decode. Without a valid pair, the significand of a is zero: behind the decoder, because the
  // handshake is late.
  logic take;
  logic [Sig-1:0] a_sig, b_sig;
  logic [Exp-1:0] a_exp, b_exp;
  logic a_nar, b_nar;

  generate
    if (PIPELINE == 0) begin : g_gate
      assign take = valid_i & advance & ~rst_i;
    end else begin : g_valid
      assign take = valid_i;
    end
  endgenerate
  posit_decode #(.N(N), .ES(ES)) u_decode_a (
      .code_i(a_i), .sig_o(a_sig), .exp_o(a_exp), .nar_o(a_nar));
  posit_decode #(.N(N), .ES(ES)) u_decode_b (
      .code_i(b_i), .sig_o(b_sig), .exp_o(b_exp), .nar_o(b_nar));

  localparam int Flags = 3;  // nar, clear, last; all 0 without a pair
  logic [Flags-1:0] in_flags;
  assign in_flags = {(a_nar | b_nar) & take, clear_i & take, last_i & take};

  localparam int DecodedBits = Flags + 2 * (Sig + Exp);
  logic [DecodedBits-1:0] decoded;
  posit_stage #(.WIDTH(DecodedBits), .RESET(Flags + Sig),
                .PRESENT((PIPELINE >= 2) ? 1 : 0)) u_decoded (
      .clk_i, .rst_i, .advance_i(advance),
      .data_i({in_flags, a_sig & {Sig{take}}, b_sig, a_exp, b_exp}), .data_o(decoded));

  // ---- multiply
  logic [Flags-1:0] m_flags;
  logic [Sig-1:0] m_a, m_b;
  logic [Exp-1:0] m_a_exp, m_b_exp;
  assign {m_flags, m_a, m_b, m_a_exp, m_b_exp} = decoded;
  logic [Product-1:0] m_product;
  logic [Shift-1:0] m_shift;
  posit_multiply #(.FRAC(Frac)) u_multiply (.a_i(m_a), .b_i(m_b), .product_o(m_product));
  assign m_shift = {1'b0, m_a_exp} + {1'b0, m_b_exp};

  localparam int MultipliedBits = Flags + Product + Shift;
  logic [MultipliedBits-1:0] multiplied;
  posit_stage #(.WIDTH(MultipliedBits), .RESET(Flags + Product),
                .PRESENT((PIPELINE >= 1) ? 1 : 0)) u_multiplied (
      .clk_i, .rst_i, .advance_i(advance),
      .data_i({m_flags, m_product, m_shift}), .data_o(multiplied));

  // ---- align
  logic [Flags-1:0] s_flags;
  logic [Product-1:0] s_product;
  logic [Shift-1:0] s_shift;
  assign {s_flags, s_product, s_shift} = multiplied;
  logic [Aligned-1:0] s_aligned;
  logic s_round, s_over;
  posit_align #(.PRODUCT(Product), .SHIFT(Shift), .LOW(Low), .WIDTH(Aligned),
                .CHECK((Fits != 0) ? 0 : 1)) u_align (
      .product_i(s_product), .shift_i(s_shift),
      .aligned_o(s_aligned), .round_o(s_round), .over_o(s_over));

  localparam int AlignedBits = Flags + Aligned + 1;
  logic [AlignedBits-1:0] aligned;
  logic [Flags-1:0] s_all_flags;
  assign s_all_flags = s_flags | {s_over, {(Flags - 1) {1'b0}}};
  posit_stage #(.WIDTH(AlignedBits), .RESET(AlignedBits),
                .PRESENT((PIPELINE >= 3) ? 1 : 0)) u_aligned (
      .clk_i, .rst_i, .advance_i(advance),
      .data_i({s_all_flags, s_aligned, s_round}), .data_o(aligned));

  // ---- accumulate
  logic p_nar, p_clear, p_last, p_round;
  logic [Aligned-1:0] p_value;
  assign {p_nar, p_clear, p_last, p_value, p_round} = aligned;

  posit_accumulate #(.WIDTH(ACC_WIDTH), .ADDEND(Aligned),
                     .ROUND((TRUNCATE > 0) ? 1 : 0), .GATED((PIPELINE == 0) ? 1 : 0)) u_accumulate (
      .clk_i, .rst_i, .advance_i(advance),
      .clear_i(p_clear), .last_i(p_last), .nar_i(p_nar), .addend_i(p_value), .round_i(p_round),
      .valid_o, .acc_o, .nar_o);

endmodule
