// Floating-point multiply-accumulate with an fp32 accumulator, the baseline beside posit_mac:
// sum = round_fp32(sum + a * b), nearest, ties to even. The product is exact; it is not rounded.
//
// Parameters  EXP, MAN   operands: bf16 8,7; fp16 5,10; fp8_e4m3 4,3; fp8_e5m2 5,2; fp32 8,23 ...
//             SUBNORMAL, SPECIALS   see float_decode; bf16 and fp32 read subnormals as zero (0, 2)
//             PIPELINE   0..3 register stages before the accumulator:
//                        1: behind the multiplier; 2: and behind the decoders;
//                        3: and inside the multiplier, behind its two half products
// Ports       as posit_mac; acc_o is fp32, and its NaN takes the place of NaR
// Latency     PIPELINE + 1 cycles from a pair to acc_o; one pair each cycle. The adder is one
//             stage whatever PIPELINE is: the next sum needs this one.
// Flushed     products and sums below 2^-126 become +0; a product of 2^128 or more is infinite.
//
// Holding costs no multiplexers: without a new pair the addend is +0, and sum + 0 = sum.

module float_mac #(
    parameter int EXP = 8,
    parameter int MAN = 7,
    parameter int SUBNORMAL = 0,
    parameter int SPECIALS = 2,
    parameter int PIPELINE = 0
) (
    input  logic             clk_i,
    input  logic             rst_i,
    input  logic             valid_i,
    output logic             ready_o,
    input  logic             clear_i,
    input  logic             last_i,
    input  logic [EXP+MAN:0] a_i,
    input  logic [EXP+MAN:0] b_i,
    output logic             valid_o,
    input  logic             ready_i,
    output logic [31:0]      acc_o
);

  localparam int Bits = 1 + EXP + MAN;
  localparam int Sig = MAN + 1;
  localparam int Product = 2 * Sig;
  localparam int Half = Sig / 2;
  localparam int Width = (Product > 24) ? Product : 24;
  localparam int Bias = (1 << (EXP - 1)) - 1;
  localparam int ExpSum = EXP + 3;  // of two signed exponents
  localparam int Wide = (ExpSum > 10) ? ExpSum : 10;

  generate
    if (EXP < 2 || EXP > 8 || MAN < 1 || MAN > 23) begin : g_bad_format
      $error("float_mac: EXP must be 2..8, MAN 1..23");
    end
    if (PIPELINE < 0 || PIPELINE > 3) begin : g_bad_pipeline
      $error("float_mac: PIPELINE must be 0..3");
    end
  endgenerate

  logic advance;
  assign advance = ~valid_o | ready_i;
  assign ready_o = advance;

  // ---- decode. Without a valid pair, a reads as zero and specials of b do not count.
  logic take;
  generate
    if (PIPELINE == 0) begin : g_gate
      assign take = valid_i & advance & ~rst_i;
    end else begin : g_valid
      assign take = valid_i;
    end
  endgenerate
  logic a_sign, b_sign, a_inf, b_inf, a_nan, b_nan;
  logic [Sig-1:0] a_sig, b_sig;
  logic signed [EXP+1:0] a_exp, b_exp;
  float_decode #(.EXP(EXP), .MAN(MAN), .SUBNORMAL(SUBNORMAL), .SPECIALS(SPECIALS)) u_decode_a (
      .code_i(a_i & {Bits{take}}), .sign_o(a_sign), .sig_o(a_sig), .exp_o(a_exp), .inf_o(a_inf), .nan_o(a_nan));
  float_decode #(.EXP(EXP), .MAN(MAN), .SUBNORMAL(SUBNORMAL), .SPECIALS(SPECIALS)) u_decode_b (
      .code_i(b_i), .sign_o(b_sign), .sig_o(b_sig), .exp_o(b_exp), .inf_o(b_inf), .nan_o(b_nan));

  localparam int Flags = 4;  // nan, inf, clear, last; all 0 without a pair
  logic [Flags-1:0] in_flags;
  assign in_flags = {
    a_nan | (take & (b_nan | (a_inf & ~b_inf & ~(|b_sig)) | (b_inf & ~a_inf & ~(|a_sig)))),
    a_inf | (b_inf & take), clear_i & take, last_i & take
  };
  logic [Flags-1:0] d_flags;
  logic d_sign;
  logic [Sig-1:0] d_a, d_b;
  logic signed [EXP+1:0] d_a_exp, d_b_exp;
  localparam int DecodedBits = Flags + Sig + 1 + Sig + 2 * (EXP + 2);
  posit_stage #(.WIDTH(DecodedBits), .RESET(Flags + Sig), .PRESENT((PIPELINE >= 2) ? 1 : 0)) u_decoded (
      .clk_i, .rst_i, .advance_i(advance),
      .data_i({in_flags, a_sig, a_sign ^ b_sign, b_sig, a_exp, b_exp}),
      .data_o({d_flags, d_a, d_sign, d_b, d_a_exp, d_b_exp}));

  // ---- multiply; exponent of a product whose topmost bit is clear, biased for fp32
  logic signed [Wide-1:0] d_exp, m_exp;
  assign d_exp = Wide'(d_a_exp) + Wide'(d_b_exp) + Wide'(127 - 2 * Bias);
  logic [Flags-1:0] m_flags;
  logic m_sign;
  logic [Product-1:0] m_product;
  generate
    if (PIPELINE >= 3) begin : g_halves
      logic [Sig+Half-1:0] low, h_low;
      logic [Product-Half-1:0] high, h_high;
      assign low = d_a * d_b[Half-1:0];
      assign high = d_a * d_b[Sig-1:Half];
      posit_stage #(.WIDTH(Flags + Product + Sig + 1 + Wide), .RESET(Flags + Product + Sig), .PRESENT(1)) u_halves (
          .clk_i, .rst_i, .advance_i(advance),
          .data_i({d_flags, low, high, d_sign, d_exp}), .data_o({m_flags, h_low, h_high, m_sign, m_exp}));
      assign m_product = Product'(h_low) + {h_high, {Half{1'b0}}};
    end else begin : g_whole
      assign {m_flags, m_sign, m_exp} = {d_flags, d_sign, d_exp};
      assign m_product = d_a * d_b;
    end
  endgenerate

  logic [Flags-1:0] p_flags;
  logic p_sign;
  logic [Product-1:0] p_product;
  logic signed [Wide-1:0] p_exp;
  localparam int MultipliedBits = Flags + Product + 1 + Wide;
  posit_stage #(.WIDTH(MultipliedBits), .RESET(Flags + Product), .PRESENT((PIPELINE >= 1) ? 1 : 0)) u_multiplied (
      .clk_i, .rst_i, .advance_i(advance),
      .data_i({m_flags, m_product, m_sign, m_exp}), .data_o({p_flags, p_product, p_sign, p_exp}));

  // ---- normalise the product; flush what fp32 cannot hold
  logic use_it, high_bit, zero, over;
  logic [Product-1:0] shifted;
  logic signed [Wide-1:0] exponent;
  logic [Width-1:0] sig;
  generate
    if (PIPELINE == 0) begin : g_gated
      assign use_it = 1'b1;
    end else begin : g_ungated
      assign use_it = advance & ~rst_i;
    end
    if (Width > Product) begin : g_pad
      assign sig = {shifted, {(Width - Product) {1'b0}}};
    end else begin : g_full
      assign sig = shifted;
    end
  endgenerate
  assign high_bit = p_product[Product-1];
  assign shifted = high_bit ? p_product : {p_product[Product-2:0], 1'b0};
  assign exponent = p_exp + Wide'(high_bit);
  assign zero = ~shifted[Product-1] | (exponent <= 0) | ~use_it;
  assign over = ~zero & (exponent >= 255);

  // ---- accumulate
  logic keep;
  logic [31:0] acc_q, acc_d;
  assign keep = ~((p_flags[1] & use_it) | rst_i);
  float_add #(.WIDTH(Width)) u_add (
      .acc_i(acc_q & {32{keep}}), .sign_i(p_sign & ~zero | p_sign & p_flags[2]),
      .exp_i(exponent[7:0] & {8{~zero}}), .sig_i(sig & {Width{~zero}}),
      .inf_i((p_flags[2] | over) & use_it), .nan_i(p_flags[3] & use_it), .sum_o(acc_d));

  always_ff @(posedge clk_i) begin
    acc_q <= acc_d;
    valid_o <= ~rst_i & (advance ? p_flags[0] : valid_o);
  end
  assign acc_o = acc_q;

endmodule
