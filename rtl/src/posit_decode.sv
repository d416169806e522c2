// One posit code to a signed significand and a biased exponent, without any negation.
//
// The raw bits of a negative code are read as they are. With r, e, f the regime, exponent and
// fraction of the raw bits and T = r*2^ES + e, the value is
//
//   s = 0:   ( 1 + f) * 2^T           significand  01.fff
//   s = 1:   (-2 + f) * 2^(-T-1)      significand  10.fff, and -T-1 is ~T: bits inverted
//
// so sign and hidden bit make a two's complement significand {s, ~s, f}, and the exponent needs
// inverters only. Zero has the significand 0, so that products with it are 0 by themselves.
//
// Parameters  N 4..32, ES 0..4; FRAC and EXP are derived and must not be set.
// Ports       code_i   posit<N,ES>
//             sig_o    two's complement, FRAC fraction bits: value = sig * 2^(exp - BIAS - FRAC)
//             exp_o    exponent + BIAS, BIAS = 2^(EXP-1); any value when the code is 0 or NaR
//             nar_o    code_i is NaR
// Latency     combinational.

module posit_decode #(
    parameter int N = 8,
    parameter int ES = 1,
    parameter int FRAC = (N - 3 - ES > 0) ? N - 3 - ES : 0,
    parameter int EXP = $clog2(N - 1) + 1 + ES
) (
    input  logic [N-1:0]    code_i,
    output logic [FRAC+1:0] sig_o,
    output logic [EXP-1:0]  exp_o,
    output logic            nar_o
);

  localparam int RunBits = $clog2(N - 1);
  localparam int TailBits = N - 3;  // what is left after the shortest regime

  logic sign, first, flip, body_zero;
  logic [N-3:0] differs;       // bit after the sign against each bit below it
  logic [RunBits-1:0] count;   // leading zeros of `differs` = length of the run - 1
  logic [TailBits-1:0] tail;   // exponent and fraction, at the top

  assign sign = code_i[N-1];
  assign first = code_i[N-2];
  assign differs = code_i[N-3:0] ^ {(N - 2) {first}};
  assign body_zero = ~first & ~(|differs);

  generate
    if (N <= 10) begin : g_choose
      // One signal for each length of the run chooses count and tail: smallest for short codes.
      logic [N-2:0] exact;
      assign exact[N-2] = ~(|differs);
      for (genvar i = 0; i < N - 2; i++) begin : g_run
        assign exact[i] = differs[N-3-i] & ~(|(differs >> (N - 2 - i)));
      end
      always_comb begin
        count = '0;
        tail = '0;
        for (int i = 0; i <= N - 2; i++) begin
          count = count | (RunBits'(i) & {RunBits{exact[i]}});
          tail = tail | ((code_i[N-4:0] << i) & {TailBits{exact[i]}});
        end
      end
    end else begin : g_halve
      // Shifts by 2^i while the top 2^i bits do not differ; ones below stop the count.
      localparam int Room = 1 << RunBits;
      logic [Room-1:0] left;
      always_comb begin
        left = '1;
        left[Room-1-:N-2] = differs;
        tail = code_i[N-4:0];
        count = '0;
        for (int i = RunBits - 1; i >= 0; i--) begin
          if ((left >> (Room - (1 << i))) == '0) begin
            count[i] = 1'b1;
            left = ~(~left << (1 << i));
            tail = tail << (1 << i);
          end
        end
      end
    end
  endgenerate

  // r = count when the run is of ones, ~count when of zeros; once more inverted by the sign.
  // The leading bit is the sign of r, inverted because of the bias.
  assign flip = ~(first ^ sign);

  generate
    if (ES == 0) begin : g_no_exponent
      assign exp_o = {~flip, count ^ {RunBits{flip}}};
      assign sig_o = {sign, ~(sign | body_zero), tail};
    end else if (FRAC == 0) begin : g_no_fraction
      // Exponent bits that do not fit read as zero before the inversion.
      logic [ES-1:0] exponent;
      if (TailBits == ES) begin : g_all
        assign exponent = tail;
      end else begin : g_cut
        assign exponent = {tail, {(ES - TailBits) {1'b0}}};
      end
      assign exp_o = {~flip, count ^ {RunBits{flip}}, exponent ^ {ES{sign}}};
      assign sig_o = {sign, ~(sign | body_zero)};
    end else begin : g_both
      assign exp_o = {
        ~flip, count ^ {RunBits{flip}}, tail[TailBits-1-:ES] ^ {ES{sign}}
      };
      assign sig_o = {sign, ~(sign | body_zero), tail[FRAC-1:0]};
    end
  endgenerate

  assign nar_o = sign & body_zero;

endmodule
